/** The recipe as the views of it use it: one for the open database, and what it answers, kept up to date while rows change. */

import { useEffect, useMemo, useState } from "preact/hooks";
import type { Thermocline } from "thermocline";
import { projectsRecipe, type ProjectsRecipe, type TodoStatus } from "thermocline/recipes/projects";
import { useBackend, type Backend } from "../../backend.ts";

const known = new WeakMap<Thermocline, ProjectsRecipe>();

export function usePlans(): ProjectsRecipe {
  const backend = useBackend();
  return useMemo(() => plansOf(backend), [backend]);
}

function plansOf({ tc, supabase }: Backend): ProjectsRecipe {
  const made = known.get(tc) ?? projectsRecipe({ tc, supabase });
  if (!known.has(tc)) void made.initialize();
  known.set(tc, made);
  return made;
}

export type Fresh<Value> = { state: "loading" } | { state: "failed"; error: unknown } | { state: "here"; value: Value };

/** What `ask` answers, asked again after every change of the recipe's rows or of what waits to be sent. `key` names what is asked. */
export function useFresh<Value>(ask: (plans: ProjectsRecipe) => Promise<Value>, key: string): Fresh<Value> {
  const plans = usePlans();
  const { tc } = useBackend();
  const [fresh, setFresh] = useState<{ key: string; now: Fresh<Value> }>({ key, now: { state: "loading" } });
  useEffect(() => {
    let ended = false;
    let asked = 0;
    const again = (): void => {
      const mine = ++asked;
      const show = (now: Fresh<Value>): void => {
        if (!ended && mine === asked) setFresh({ key, now });
      };
      ask(plans).then((value) => show({ state: "here", value }), (error: unknown) => show({ state: "failed", error }));
    };
    let waiting = 0;
    const soon = (): void => {
      clearTimeout(waiting);
      waiting = window.setTimeout(again);
    };
    let seen = stateOfSync(tc);
    const follow = (): void => {
      const now = stateOfSync(tc);
      if (now === seen) return;
      seen = now;
      soon();
    };
    const stops = [...["projects", "todos", "weekly_goals", "project_activities"].map((table) => tc.live(table, soon)), tc.on("status", follow)];
    again();
    return () => {
      ended = true;
      clearTimeout(waiting);
      for (const stop of stops) stop();
    };
  }, [plans, key]);
  return fresh.key === key ? fresh.now : { state: "loading" };
}

/** What of the status tells of sync states of rows; the rest changes with every round. */
function stateOfSync(tc: Thermocline): string {
  const { pending, refused, conflicts, lastPush, lastPull, synced } = tc.status();
  return JSON.stringify([pending, refused, conflicts, lastPush, lastPull, synced]);
}

export const STATES: TodoStatus[] = ["dumped", "matched", "refined", "confirmed", "committed", "done", "dropped"];
export const stateName = (state: string): string => state[0]!.toUpperCase() + state.slice(1);

/** The event that leads from one state to another, as a drag means it. */
export function eventTo(from: TodoStatus, to: TodoStatus): "match" | "refine" | "confirm" | "commit" | "finish" | "back" | "drop" | "reopen" {
  if (to === "done") return "finish";
  if (to === "dropped") return "drop";
  if (from === "done" || from === "dropped") return "reopen";
  if (STATES.indexOf(to) < STATES.indexOf(from)) return "back";
  return ({ dumped: "back", matched: "match", refined: "refine", confirmed: "confirm", committed: "commit" } as const)[to];
}

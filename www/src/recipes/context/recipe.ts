/** The recipe on this page's database, and figures that follow its rows. */

import { useEffect, useState } from "preact/hooks";
import { contextRecipe, type ContextRecipe } from "thermocline/recipes/context";
import { useBackend, type Backend } from "../../backend.ts";

/** What a place of the view is given: the rest of its address. */
export interface PlaceProps {
  rest: string[];
}

const HOUR_MS = 3_600_000;
const recipes = new WeakMap<Backend["tc"], ContextRecipe>();

/** One for each database: the sampler goes on while other views are looked at. */
export function useContextRecipe(): ContextRecipe {
  const { tc, supabase } = useBackend();
  const known = recipes.get(tc);
  if (known) return known;
  const made = contextRecipe({ tc, supabase });
  recipes.set(tc, made);
  return made;
}

export interface Figures<Value> {
  /** The last ones, also while newer ones are worked out. */
  value: Value | null;
  error: unknown;
  retry: () => void;
}

/** What `work` answers now and after every change of the snapshots of the last hours. `key`: what it depends on besides. */
export function useFigures<Value>(key: string, hours: number, work: (recipe: ContextRecipe) => Promise<Value>): Figures<Value> {
  const { tc } = useBackend();
  const recipe = useContextRecipe();
  const [state, setState] = useState<{ value: Value | null; error: unknown }>({ value: null, error: null });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let current = true;
    const refresh = (): void => {
      work(recipe).then(
        (value) => current && setState({ value, error: null }),
        (error: unknown) => current && setState({ value: null, error }),
      );
    };
    const from = new Date(Date.now() - hours * HOUR_MS).toISOString();
    const stopRows = tc.live(`context_snapshots?select=id,version,recorded_at&recorded_at=gte.${from}&order=recorded_at.desc`, refresh, refresh);
    const stopDays = tc.live("daily_insights?select=date,updated_at&order=date.desc&limit=60", refresh, refresh);
    return () => {
      current = false;
      stopRows();
      stopDays();
    };
  }, [recipe, key, hours, turn]);
  return { ...state, retry: () => setTurn(turn + 1) };
}

/** A word of the recipe as one reads it: `deep_work` is “deep work”. */
export const words = (name: string): string => name.replaceAll("_", " ");

export const clock = (hour: number): string => `${String(hour).padStart(2, "0")}:00`;

/** Rounds with no page open: what `sync` and `periodicsync` are for. */
import { guarded, ThermoclineError } from "../errors.js";
import type { EngineOptions } from "../options.js";
import type { Engines } from "./engines.js";

/**
 * One round for each project whose sync is on, all at a time: one that fails or hangs keeps no other from its round. After
 * `limitMs` what is still under way is stopped; the log is the truth, and the next round goes on. Rejects if one failed: the
 * browser tries again.
 */
export async function syncAll(engines: Engines, limitMs: number): Promise<void> {
  const projects = await engines.projects();
  const rounds = await Promise.allSettled(projects.map((project) => limited(engines, project, limitMs)));
  const failed = rounds.filter((round) => round.status === "rejected").map(({ reason }) => reason as unknown);
  if (failed.length === 1) throw failed[0];
  if (failed.length > 1) throw new AggregateError(failed, `${failed.length} rounds of ${rounds.length} failed`);
}

async function limited(engines: Engines, project: EngineOptions, limitMs: number): Promise<void> {
  let limit: ReturnType<typeof setTimeout> | undefined;
  const overdue = new Promise<never>((_, reject) => {
    limit = setTimeout(() => {
      engines.stop(project);
      reject(new ThermoclineError("timeout", `${project.url} has not answered all within ${limitMs} ms`, { retryable: true }));
    }, limitMs);
  });
  try {
    await Promise.race([round(engines, project), overdue]);
  } finally {
    clearTimeout(limit);
  }
}

/** The event itself says that there is a network. */
function round(engines: Engines, project: EngineOptions): Promise<void> {
  return engines.use(project, async (open) => {
    const { state, user } = open.status();
    if (state !== "stopped" && user !== null) await guarded(() => open.engine.syncInBackground());
  }, true);
}

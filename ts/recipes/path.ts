/**
 * The recipe `path`: practice and self-knowledge. A log of chats, journals, entries and feedback; routines and their streak;
 * achievements; a type questionnaire; caches of the sky; one attunement a day; search by meaning. Needs the tables of
 * supabase/recipes/path; everything but providers' answers, vectors and new cache contents works offline.
 *
 * ```ts
 * const path = pathRecipe({ tc, supabase });
 * await path.completeRoutine("morning");
 * ```
 */
import { attunementOf } from "./path-attunement.js";
import { bulkOf } from "./path-bulk.js";
import { healthOf } from "./path-health.js";
import { logOf } from "./path-log.js";
import { runSyncTest } from "./path-panel.js";
import { personOf } from "./path-person.js";
import { progressOf, publishProgress } from "./path-progress.js";
import { isOnline } from "./path-rows.js";
import { searchOf } from "./path-search.js";
import { skyOf } from "./path-sky.js";
import type { PathRecipe } from "./path-types.js";
import type { RecipeParts } from "./recipe.js";

export { SYNC_TESTS } from "./path-panel.js";
export { QUESTIONS } from "./path-questions.js";
export type * from "./path-types.js";

/** The functions of the recipe, and what follows the sync for as long as it is not closed. */
export function pathRecipe(parts: RecipeParts): PathRecipe {
  const { tc } = parts;
  const follower = follow(parts, async () => {
    await publishProgress(tc);
    await person.publishResults();
    await progress.checkAchievements();
  }, () => search.embedPending());
  const progress = progressOf(tc);
  const { saveDrafts, ...log } = logOf(tc, follower.changed);
  const { flushPathData, publishResults, ...person_ } = personOf(tc, follower.changed);
  const person = { publishResults };
  const search = searchOf(parts, { ...log, ...person_ });
  const flush = async (): Promise<void> => {
    await Promise.all([saveDrafts(), flushPathData(), follower.settled()]);
  };
  return {
    ...progress,
    async completeRoutine(routine, date) {
      const done = await progress.completeRoutine(routine, date);
      if (done.success) follower.changed();
      return done;
    },
    ...log,
    ...person_,
    ...healthOf(tc),
    ...skyOf(parts),
    ...attunementOf(parts, log.addLog),
    ...search,
    ...bulkOf(tc, progress.syncAchievement),
    runSyncTest: (name) => runSyncTest(parts, name),
    flush,
    async close() {
      follower.stop();
      await flush();
    },
  };
}

const PAUSE_MS = 500;

/**
 * Brings the folds up to date soon after a change here and after each round that ended; after a round that sent rows, has the server
 * embed them. One run at a time.
 */
function follow({ tc }: RecipeParts, publish: () => Promise<void>, embed: () => Promise<number>) {
  let running: Promise<void> = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let { lastPull, lastPush } = tc.status();
  let logged = false;
  const run = (embeds: boolean): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    running = running.then(async () => {
      if (tc.status().user === null) return;
      await publish();
      if (embeds && isOnline(tc)) await embed();
    }).catch((error: unknown) => console.error(error)); // what follows by itself has nobody to tell
    return running;
  };
  const stop = tc.on("status", (status) => {
    if (status.state === "pulling" || status.state === "pushing") return;
    const [pulled, pushed] = [status.lastPull !== lastPull, status.lastPush !== lastPush];
    ({ lastPull, lastPush } = status);
    if (!pulled && !pushed) return;
    const embeds = pushed && logged;
    if (embeds) logged = false;
    void run(embeds);
  });
  return {
    changed() {
      logged = true;
      timer ??= setTimeout(() => void run(false), PAUSE_MS);
    },
    /** Resolves when what is to be published is. */
    settled: () => (timer === undefined ? running : run(false)),
    stop() {
      clearTimeout(timer);
      timer = undefined;
      stop();
    },
  };
}

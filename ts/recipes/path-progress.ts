/**
 * Completed routines and achievements, and the two folds over them. A fold is published only by a device that holds all it is folded
 * from, between rounds, and only if it says something else than the row: a new device never overwrites it with a first page's figure.
 */
import type { Thermocline } from "../types.js";
import { counted } from "./path-log.js";
import { outcomeOf, put, read, readOne, validate, idIn } from "./path-rows.js";
import type { Achievement, PathRecipe, Progress, Routine, Synced } from "./path-types.js";
import { bodyOf, callRecipe, insertRequest, localTime } from "./recipe.js";

type ProgressPart = Pick<PathRecipe, "completeRoutine" | "syncUserProgress" | "fetchUserProgress" | "checkAchievements" | "syncAchievement"
  | "fetchAchievements" | "achievementTargets">;

interface ProgressRow {
  compliance_streak: number;
  last_completed_date: string | null;
  total_completions: number;
  best_streak: number;
}

interface AchievementRow {
  achievement_id: string;
  unlocked: boolean;
  unlocked_date: string | null;
  progress: number;
}

const FOLD = "compliance_streak,last_completed_date,total_completions,best_streak";
const ACHIEVEMENT = "achievement_id,unlocked,unlocked_date,progress";
const COMPLETION = "date,routine,completed_at,utc_offset_min";

export function progressOf(tc: Thermocline): ProgressPart {
  const sync = (achievement: Achievement): Promise<Synced> => outcomeOf(tc, () => grow(tc, achievement));
  return {
    async completeRoutine(routine, date) {
      const done = await outcomeOf(tc, () => complete(tc, routine, date));
      if (done.success) await publishProgress(tc);
      return done;
    },
    syncUserProgress: () => outcomeOf(tc, async () => {
      const { fold } = await folded(tc);
      return put(tc, "user_progress", {}, fold);
    }),
    fetchUserProgress: () => fetchProgress(tc),
    async checkAchievements() {
      const { grown } = await steps(tc);
      return Promise.all(grown.map((row) => sync(fromRow(row))));
    },
    syncAchievement: sync,
    async fetchAchievements() {
      return (await read<AchievementRow>(tc, `achievements?select=${ACHIEVEMENT}&order=achievement_id`)).rows.map(fromRow);
    },
    achievementTargets() {
      const nothing = { completions: [], logs: [], answers: [], achievements: [] };
      return callRecipe<{ targets: [string, number][] }>("path", "achievements", nothing).targets;
    },
  };
}

async function complete(tc: Thermocline, routine: Routine, day?: string) {
  const { now, today, utc_offset_min } = localTime();
  const row = { date: day ?? today, routine, completed_at: now, utc_offset_min };
  validate("routine_completions", row);
  const answer = bodyOf(await tc.query(insertRequest("routine_completions", row)), "routine_completions");
  if (answer !== "[]") return idIn("routine_completions", answer);
  const there = await read(tc, `routine_completions?select=id&date=eq.${row.date}&routine=eq.${routine}`);
  return idIn("routine_completions", there.text);
}

async function folded(tc: Thermocline): Promise<{ fold: ProgressRow; shown: number; partial: boolean }> {
  const { text, partial } = await read(tc, `routine_completions?select=${COMPLETION}`);
  const { shownStreak, ...fold } = callRecipe<ProgressRow & { shownStreak: number }>("path", "progress", localTime(), { completions: text });
  return { fold, shown: shownStreak, partial };
}

/** Brings the published fold up to what this device holds, if it holds all. */
export async function publishProgress(tc: Thermocline): Promise<void> {
  if (!isSettled(tc, "routine_completions") || !isSettled(tc, "user_progress")) return;
  const { fold, partial } = await folded(tc);
  if (partial || fold.total_completions === 0 && !(await readOne(tc, "user_progress?select=id"))) return;
  await outcomeOf(tc, () => put(tc, "user_progress", {}, fold));
}

/** Whether a table is held whole and no round is bringing more of it. */
export function isSettled(tc: Thermocline, table: string): boolean {
  const { held, state } = tc.status();
  return held.includes(table) && state !== "pulling" && state !== "pushing";
}

async function fetchProgress(tc: Thermocline): Promise<Progress | null> {
  const [{ fold, shown, partial }, stored] = await Promise.all([folded(tc), readOne<ProgressRow>(tc, `user_progress?select=${FOLD}`)]);
  // A device that does not hold all believes what one that did has published.
  const row = partial && stored ? stored : fold;
  if (row.total_completions === 0 && !stored) return null;
  return {
    complianceStreak: row.compliance_streak,
    lastCompletedDate: row.last_completed_date,
    totalCompletions: row.total_completions,
    bestStreak: row.best_streak,
    shownStreak: row === fold ? shown : aliveStreak(row),
  };
}

function aliveStreak({ last_completed_date, compliance_streak }: ProgressRow): number {
  const { today } = localTime();
  const away = last_completed_date === null ? Infinity : Math.abs(Date.parse(today) - Date.parse(last_completed_date)) / 86_400_000;
  return away <= 1 ? compliance_streak : 0;
}

async function steps(tc: Thermocline): Promise<{ grown: AchievementRow[] }> {
  const [completions, logs, answers, achievements] = await Promise.all([
    read(tc, `routine_completions?select=${COMPLETION}`),
    counted(tc),
    read(tc, "oejts_answers?select=answered_at"),
    read(tc, `achievements?select=${ACHIEVEMENT}`),
  ]);
  return callRecipe("path", "achievements", {}, {
    completions: completions.text, logs: logs.text, answers: answers.text, achievements: achievements.text,
  });
}

/** Writes an achievement so that it only grows, as the server's trigger does. */
async function grow(tc: Thermocline, { id, unlocked, unlockedDate, progress }: Achievement) {
  const there = await readOne<AchievementRow>(tc, `achievements?select=${ACHIEVEMENT}&achievement_id=eq.${encodeURIComponent(id)}`);
  const dates = [there?.unlocked_date, unlockedDate].filter((date) => date != null).sort((a, b) => Date.parse(a) - Date.parse(b));
  return put(tc, "achievements", { achievement_id: id }, {
    progress: Math.max(progress, there?.progress ?? 0),
    unlocked: unlocked || (there?.unlocked ?? false),
    unlocked_date: dates[0] ?? null,
  });
}

const fromRow = (row: AchievementRow): Achievement =>
  ({ id: row.achievement_id, unlocked: row.unlocked, unlockedDate: row.unlocked_date, progress: row.progress });

/** The attunement of a day: one question and its answer; the first that is made stays, on whichever device. */
import type { Thermocline } from "../types.js";
import { recent } from "./path-log.js";
import { QUESTIONS, TOPICS } from "./path-questions.js";
import { idIn, isOnline, outcomeOf, read, readOne, type RowId } from "./path-rows.js";
import type { Attunement, EntryType, PathRecipe, Patterns } from "./path-types.js";
import { bodyOf, callRecipe, insertRequest, localTime, type EdgeFunctions, type RecipeParts } from "./recipe.js";

interface AttunementRow {
  id: string;
  date: string;
  insightful_question: string;
  synthesized_answer: string;
  based_on: Attunement["basedOn"];
  generated_at: string;
}

interface OfDay {
  topic: EntryType;
  question: number;
  answer: string;
  patterns: Patterns;
}

const TABLE = "daily_attunements";
const COLUMNS = "id,date,insightful_question,synthesized_answer,based_on,generated_at";

type AttunementPart = Pick<PathRecipe, "syncDailyAttunement" | "fetchDailyAttunement" | "rateAttunement">;

export function attunementOf({ tc, supabase }: RecipeParts, addLog: PathRecipe["addLog"]): AttunementPart {
  return {
    syncDailyAttunement: () => outcomeOf(tc, () => make(tc, supabase)),
    fetchDailyAttunement: (date) => attunementOn(tc, date),
    async rateAttunement(attunementId, stars, customAnswer) {
      const rated = await readOne<AttunementRow>(tc, `${TABLE}?select=${COLUMNS}&id=eq.${attunementId}`);
      const content = customAnswer ?? rated?.synthesized_answer ?? "";
      return addLog("feedback", content, { attunementId, userRating: stars, hasCustomAnswer: customAnswer !== undefined });
    },
  };
}

export async function attunementOn(tc: Thermocline, date: string): Promise<Attunement | null> {
  const row = await readOne<AttunementRow>(tc, `${TABLE}?select=${COLUMNS}&date=eq.${date}`);
  return row && {
    id: row.id, date: row.date, insightfulQuestion: row.insightful_question, synthesizedAnswer: row.synthesized_answer,
    basedOn: row.based_on, generatedAt: row.generated_at,
  };
}

async function make(tc: Thermocline, supabase: EdgeFunctions): Promise<RowId> {
  const { today, now } = localTime();
  const there = await attunementOn(tc, today);
  if (there) return { table: TABLE, id: there.id };
  const logs = await recent(tc);
  const sizes = TOPICS.map((topic) => QUESTIONS[topic].length);
  const made = callRecipe<OfDay>("path", "attunement", { ...localTime(), questions: sizes }, { logs: logs.text });
  const question = QUESTIONS[made.topic][made.question] ?? "";
  const row = {
    date: today,
    insightful_question: question,
    synthesized_answer: await provided(tc, supabase, question, made.patterns) ?? made.answer,
    based_on: await basis(tc, logs.rows.length),
    generated_at: now,
  };
  const answer = bodyOf(await tc.query(insertRequest(TABLE, row)), TABLE);
  if (answer !== "[]") return idIn(TABLE, answer);
  return idIn(TABLE, (await read(tc, `${TABLE}?select=id&date=eq.${today}`)).text);
}

/** The provider's words; null offline, or where there is no such function. */
async function provided(tc: Thermocline, supabase: EdgeFunctions, question: string, patterns: Patterns): Promise<string | null> {
  if (!isOnline(tc)) return null;
  const { urges, leaks, transmuted, transmutationRate, topLeakHour, topKata, trend } = patterns;
  const figures = { urges, leaks, transmuted, transmutationRate, topLeakHour, topKata, trend };
  const { data, error } = await supabase.functions.invoke("generate_insights", { body: { kind: "attunement", question, figures } });
  const text = error ? null : (data as { text?: unknown } | null)?.text;
  return typeof text === "string" ? text : null;
}

async function basis(tc: Thermocline, logCount: number): Promise<Attunement["basedOn"]> {
  const has = async (path: string): Promise<boolean> => (await readOne(tc, path)) !== null;
  const [healthMetricsAvailable, humanDesignAvailable, cosmicDataAvailable, astrologyDataAvailable] = await Promise.all([
    has("health_metrics_history?select=id"),
    has("sovereign_path_data?select=id&human_design_chart=not.is.null"),
    has(`cosmic_data_cache?select=id&date=eq.${localTime().today}`),
    has("astrology_data_cache?select=id"),
  ]);
  return { logCount, healthMetricsAvailable, humanDesignAvailable, cosmicDataAvailable, astrologyDataAvailable };
}

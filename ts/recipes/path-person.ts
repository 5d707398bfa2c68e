/**
 * What is known of the person: chart, birth data and settings in one row, whose writes wait for a pause of two seconds; answers and
 * katas in rows of their own, so that two devices lose none of each other's.
 */
import type { Thermocline } from "../types.js";
import { archetypeOf } from "./path-log.js";
import { isSettled } from "./path-progress.js";
import { isSame, outcomeOf, put, read, readOne, remove } from "./path-rows.js";
import type { ArchetypeAnalysis, BirthData, Kata, OejtsResult, PathDataChange, PathRecipe, SovereignPathData, Synced } from "./path-types.js";
import { callRecipe } from "./recipe.js";

type PersonPart = Pick<PathRecipe, "answerQuestion" | "nextQuestion" | "saveKata" | "deleteKata" | "fetchKatas" | "analyseArchetype"
  | "syncSovereignPathData" | "fetchSovereignPathData"> & {
  flushPathData(): Promise<void>;
  publishResults(): Promise<void>;
};

interface PathRow {
  human_design_chart: unknown;
  birth_data: BirthData | null;
  oejts_results: OejtsResult | null;
  archetype_analysis: ArchetypeAnalysis | null;
  health_metrics: SovereignPathData["healthMetrics"];
  last_archetype_update: string | null;
  last_sync_date: string | null;
  settings: { embed?: "selected" | "all" };
}

interface KataRow {
  id: string;
  key: string;
  name: string;
  description: string;
  duration_minutes: number | null;
  active: boolean;
  position: number;
}

const PAUSE_MS = 2_000;
const TABLE = "sovereign_path_data";
const COLUMNS = "human_design_chart,birth_data,oejts_results,archetype_analysis,health_metrics,last_archetype_update,last_sync_date,settings";

export function personOf(tc: Thermocline, changed: () => void): PersonPart {
  const row = debouncedRow(tc);
  return {
    async answerQuestion(question_id, value) {
      const answered = await outcomeOf(tc, () => put(tc, "oejts_answers", { question_id }, { value, answered_at: new Date().toISOString() }));
      if (answered.success) changed();
      return answered;
    },
    nextQuestion: async () => (await answers(tc)).next,
    saveKata: ({ name, description, durationMinutes, active, position }) => outcomeOf(tc, () => {
      const values = { name, description, duration_minutes: durationMinutes, active, position };
      return put(tc, "katas", { key: keyOf(name) }, Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)));
    }),
    deleteKata: (key) => outcomeOf(tc, async () => {
      const found = await readOne<KataRow>(tc, `katas?select=id&key=eq.${encodeURIComponent(key)}`);
      return found ? remove(tc, { table: "katas", id: found.id }) : { table: "katas", id: "" };
    }),
    fetchKatas: () => katas(tc),
    async analyseArchetype() {
      const stored = await readOne<PathRow>(tc, `${TABLE}?select=last_archetype_update`);
      const { due, analysis, partial } = await archetypeOf(tc, stored?.last_archetype_update ?? null);
      if (due && !partial) void row.set({ archetype_analysis: analysis, last_archetype_update: analysis.analysedAt });
      return analysis;
    },
    syncSovereignPathData: (change) => row.set(columnsOf(change)),
    fetchSovereignPathData: () => pathData(tc),
    flushPathData: row.flush,
    publishResults: () => publishResults(tc),
  };
}

function columnsOf({ humanDesignChart, birthData, settings }: PathDataChange): Record<string, unknown> {
  const given = { human_design_chart: humanDesignChart, birth_data: birthData, settings };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** The one row of path data: what is set within two seconds is one change. */
function debouncedRow(tc: Thermocline) {
  let waiting: Record<string, unknown> = {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  let callers: ((written: Synced) => void)[] = [];
  const write = async (): Promise<void> => {
    clearTimeout(timer);
    const [values, told] = [waiting, callers];
    if (told.length === 0) return;
    [waiting, callers] = [{}, []];
    const written = await outcomeOf(tc, async () => put(tc, TABLE, {}, await withoutVoid(tc, values)));
    for (const tell of told) tell(written);
  };
  return {
    set: (values: Record<string, unknown>) => new Promise<Synced>((resolve) => {
      waiting = { ...waiting, ...values };
      callers.push(resolve);
      clearTimeout(timer);
      timer = setTimeout(() => void write(), PAUSE_MS);
    }),
    flush: write,
  };
}

/** A chart is void when the birth data change that it was made for. */
async function withoutVoid(tc: Thermocline, values: Record<string, unknown>): Promise<Record<string, unknown>> {
  if (!("birth_data" in values) || "human_design_chart" in values) return values;
  const there = await readOne<PathRow>(tc, `${TABLE}?select=birth_data,human_design_chart`);
  return there && !isSame(there.birth_data, values["birth_data"]) ? { ...values, human_design_chart: null } : values;
}

async function pathData(tc: Thermocline): Promise<SovereignPathData> {
  const [row, given, practised] = await Promise.all([
    readOne<PathRow>(tc, `${TABLE}?select=${COLUMNS}`),
    read<{ question_id: number; value: number; answered_at: string }>(tc, "oejts_answers?select=question_id,value,answered_at&order=question_id"),
    katas(tc),
  ]);
  return {
    humanDesignChart: row?.human_design_chart ?? null,
    birthData: row?.birth_data ?? null,
    oejtsAnswers: given.rows.map((one) => ({ questionId: one.question_id, value: one.value, answeredAt: one.answered_at })),
    oejtsResults: given.partial ? row?.oejts_results ?? null : (await answers(tc)).result,
    archetypeAnalysis: row?.archetype_analysis ?? null,
    lastArchetypeUpdate: row?.last_archetype_update ?? null,
    katas: practised,
    healthMetrics: row?.health_metrics ?? null,
    lastSyncDate: row?.last_sync_date ?? null,
    settings: { embed: row?.settings.embed ?? "selected" },
  };
}

async function answers(tc: Thermocline): Promise<{ result: OejtsResult; next: number | null; partial: boolean }> {
  const { text, partial } = await read(tc, "oejts_answers?select=question_id,value");
  return { ...callRecipe<{ result: OejtsResult; next: number | null }>("path", "oejts", {}, { answers: text }), partial };
}

/** Brings the stored result up to the answers, if this device holds all of them. */
async function publishResults(tc: Thermocline): Promise<void> {
  if (!isSettled(tc, "oejts_answers") || !isSettled(tc, TABLE)) return;
  const { result, partial } = await answers(tc);
  if (!partial && result.completionPercentage > 0) await outcomeOf(tc, () => put(tc, TABLE, {}, { oejts_results: result }));
}

async function katas(tc: Thermocline): Promise<Kata[]> {
  const [{ rows }, performed] = await Promise.all([
    read<KataRow>(tc, "katas?select=key,name,description,duration_minutes,active,position&order=position,key"),
    read<{ metadata: { kataPerformed?: unknown } }>(tc, "sovereign_logs?select=metadata&category=eq.sovereign&metadata->kataPerformed=not.is.null"),
  ]);
  const names = performed.rows.flatMap(({ metadata: { kataPerformed } }) => (Array.isArray(kataPerformed) ? kataPerformed : []));
  const counts = new Map<string, number>();
  for (const name of names.filter((one) => typeof one === "string" && /[\p{L}\p{N}]/u.test(one))) {
    const key = keyOf(name);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return rows.map(({ key, name, description, duration_minutes, active, position }) =>
    ({ key, name, description, durationMinutes: duration_minutes, active, position, timesPerformed: counts.get(key) ?? 0 }));
}

const keyOf = (name: string): string => callRecipe<{ key: string }>("path", "kata_key", { name: name.normalize("NFKC") }).key;

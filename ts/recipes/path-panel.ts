/**
 * The sync test panel: each test writes a probe, has it sent, reads it back from the server, compares, and removes it. A table that
 * holds one row a user is not probed but written as it is.
 */
import type { QueryRequest, Thermocline } from "../types.js";
import { rpc } from "./path-search.js";
import { idIn, isOnline, isSame } from "./path-rows.js";
import type { SyncTestName, SyncTestResult } from "./path-types.js";
import { bodyOf, type RecipeParts } from "./recipe.js";

export const SYNC_TESTS: SyncTestName[] = ["logs", "progress", "achievement", "path", "cosmic", "astrology", "attunement", "embedding", "health"];

interface Probe {
  table: string;
  row: Record<string, unknown>;
  /** The user has one row in this table: it stays. */
  single?: true;
}

const DATE = "1900-01-01";
const NAME = "sync-test";
const PROBES: Record<Exclude<SyncTestName, "embedding">, Probe> = {
  logs: { table: "sovereign_logs", row: { category: "chat", content: NAME, metadata: { sessionId: NAME, messageId: NAME } } },
  progress: { table: "user_progress", row: { compliance_streak: 0, total_completions: 0, best_streak: 0 }, single: true },
  achievement: { table: "achievements", row: { achievement_id: NAME, progress: 1 } },
  path: { table: "sovereign_path_data", row: { settings: {} }, single: true },
  cosmic: { table: "cosmic_data_cache", row: { date: DATE, location: {}, astronomy: { probe: NAME }, cached_at: "1900-01-01T00:00:00+00:00" } },
  astrology: { table: "astrology_data_cache", row: { birth_data: {}, natal_chart: null }, single: true },
  attunement: { table: "daily_attunements", row: { date: DATE, insightful_question: NAME, synthesized_answer: NAME, based_on: {} } },
  health: { table: "health_metrics_history", row: { date: DATE, steps: 1 } },
};

/** Why a test did not pass. */
class Outcome extends Error {
  constructor(readonly state: "failed" | "skipped", readonly code: string) {
    super(code);
  }
}

export async function runSyncTest({ tc, supabase }: RecipeParts, name: SyncTestName): Promise<SyncTestResult> {
  const begun = performance.now();
  const ended = (more: Pick<SyncTestResult, "state" | "code">): SyncTestResult => ({ name, tookMs: performance.now() - begun, ...more });
  if (!isOnline(tc)) return ended({ state: "skipped", code: "offline" });
  try {
    if (name === "embedding") await probeEmbedding({ tc, supabase });
    else await probe(tc, PROBES[name]);
    return ended({ state: "passed" });
  } catch (thrown) {
    if (thrown instanceof Outcome) return ended({ state: thrown.state, code: thrown.code });
    const code = (thrown as { code?: unknown }).code;
    return ended({ state: code === "offline" ? "skipped" : "failed", code: typeof code === "string" ? code : "unknown" });
  }
}

async function probe(tc: Thermocline, { table, row, single }: Probe): Promise<void> {
  if (single) {
    const there = await own(tc, table, Object.keys(row));
    if (there) return rewrite(tc, table, there);
  }
  const id = await write(tc, table, row);
  try {
    await send(tc, table, id);
    const seen = await onServer(tc, table, id);
    const same = Object.entries(row).every(([column, value]) => isSame(seen?.[column], value));
    if (!same) throw new Outcome("failed", seen ? "different" : "not_found");
  } finally {
    await tidy(tc, table, id);
  }
}

/** The user's row with its present values, written once more. */
async function rewrite(tc: Thermocline, table: string, { id, ...row }: Record<string, unknown> & { id: string }): Promise<void> {
  bodyOf(await tc.query(writing("PATCH", `${table}?id=eq.${id}`, row)), table);
  try {
    await send(tc, table, id);
  } catch (refused) {
    await discard(tc, table, id);
    throw refused;
  }
  const seen = await onServer(tc, table, id);
  if (!seen || !Object.entries(row).every(([column, value]) => isSame(seen[column], value))) throw new Outcome("failed", seen ? "different" : "not_found");
}

async function own(tc: Thermocline, table: string, columns: string[]): Promise<(Record<string, unknown> & { id: string }) | undefined> {
  const body = bodyOf(await tc.query(`${table}?select=${["id", ...columns].join()}&limit=1`), table);
  return (JSON.parse(body) as (Record<string, unknown> & { id: string })[])[0];
}

/** Writes the probe; one that an earlier run has left is removed first. */
async function write(tc: Thermocline, table: string, row: Record<string, unknown>): Promise<string> {
  const dated = row["date"] ?? row["achievement_id"];
  const column = "date" in row ? "date" : "achievement_id";
  if (dated !== undefined) bodyOf(await tc.query({ method: "DELETE", path: `${table}?${column}=eq.${String(dated)}` }), table);
  return idIn(table, bodyOf(await tc.query(writing("POST", `${table}?select=id`, row)), table)).id;
}

/** Runs a round; fails with the code of the outcome if the row's change did not arrive. */
async function send(tc: Thermocline, table: string, id: string): Promise<void> {
  await tc.sync.now();
  const stuck = (await tc.outbox.list()).find((entry) => entry.table === table && entry.key[0] === id);
  if (stuck) throw new Outcome("failed", stuck.error?.code ?? stuck.state);
}

/** The row as the server has it. A cast is what the device does not answer itself. */
async function onServer(tc: Thermocline, table: string, id: string): Promise<Record<string, unknown> | undefined> {
  const body = bodyOf(await tc.query(`${table}?select=*,probed:id::text&id=eq.${id}`), table);
  return (JSON.parse(body) as Record<string, unknown>[])[0];
}

/** Removes a probe: one that was refused never was, one that arrived is deleted there, too. */
async function tidy(tc: Thermocline, table: string, id: string): Promise<void> {
  await discard(tc, table, id);
  await tc.query({ method: "DELETE", path: `${table}?id=eq.${id}` });
  await tc.sync.now().catch(() => undefined);
  await discard(tc, table, id);
}

async function discard(tc: Thermocline, table: string, id: string): Promise<void> {
  for (const entry of await tc.outbox.list()) {
    if (entry.table === table && entry.key[0] === id && entry.state === "refused") await tc.outbox.discard(entry.id);
  }
}

/** A telling entry gets a vector; the server's list of what lacks one shrinks by it. */
async function probeEmbedding({ tc, supabase }: RecipeParts): Promise<void> {
  if ((await rpc(tc, "logs_to_embed", { max_rows: 1 })) === null) throw new Outcome("skipped", "not_installed");
  const table = "sovereign_logs";
  const id = await write(tc, table, { category: "sovereign", content: NAME, metadata: { entryId: NAME, entryType: "Insight" } });
  try {
    await send(tc, table, id);
    const { error } = await supabase.functions.invoke("embed_entry", { body: { log_id: id } });
    if (error) throw new Outcome("failed", "embed_entry");
    const lacking = (await rpc(tc, "logs_to_embed", { max_rows: 500 })) as { id: string }[] | null;
    if (!lacking || lacking.some((row) => row.id === id)) throw new Outcome("failed", "not_found");
  } finally {
    await tidy(tc, table, id);
  }
}

const writing = (method: "POST" | "PATCH", path: string, row: object): QueryRequest =>
  ({ method, path, headers: { "content-type": "application/json", prefer: "return=representation" }, body: JSON.stringify(row) });

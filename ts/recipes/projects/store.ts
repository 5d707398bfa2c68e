/**
 * The recipe's rows by PostgREST's words: reading, writing together, keys, one write after the other. Sync states come from the outbox;
 * no row holds one.
 */
import { ThermoclineError } from "../../errors.js";
import type { OutboxEntry, QueryRequest, Thermocline } from "../../types.js";
import { bodyOf, isPartial } from "../recipe.js";
import type { SyncStatus } from "./types.js";

/** What a person plans; these three have a sync state. */
export const PLANS = ["projects", "weekly_goals", "todos"] as const;
export type PlanTable = (typeof PLANS)[number];
/** All that is synced. */
export const TABLES = [...PLANS, "project_activities"];

/** What the recipe's functions share. */
export interface Store {
  tc: Thermocline;
  /** Carries out one write after the other: each reads what the one before has written. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result>;
}

export function storeOf(tc: Thermocline): Store {
  let last: Promise<unknown> = Promise.resolve();
  return {
    tc,
    inTurn(work) {
      const next = last.then(work, work);
      last = next.catch(() => undefined);
      return next;
    },
  };
}

export const isSyncOn = ({ tc }: Store): boolean => PLANS.every((table) => tc.status().synced.includes(table));

export const asText = async ({ tc }: Store, path: string): Promise<string> => bodyOf(await tc.query(path), path);
export const rowsOf = async <Row>(store: Store, path: string): Promise<Row[]> => JSON.parse(await asText(store, path)) as Row[];

/** Null where this device may not know all of them. */
export async function allRowsOf<Row>({ tc }: Store, path: string): Promise<Row[] | null> {
  const answer = await tc.query(path);
  return isPartial(answer) ? null : JSON.parse(bodyOf(answer, path)) as Row[];
}

/** The one row with this id. */
export async function rowOf<Row>(store: Store, table: PlanTable, id: string): Promise<Row | null> {
  return (await rowsOf<Row>(store, `${table}?id=eq.${encodeURIComponent(id)}`))[0] ?? null;
}

export async function knownRow<Row>(store: Store, table: PlanTable, id: string): Promise<Row> {
  const row = await rowOf<Row>(store, table, id);
  if (row === null) throw new ThermoclineError("invalid_request", `${table}: there is no row with the id ${id}`);
  return row;
}

const JSON_BODY = { "content-type": "application/json" };

export const inserting = (table: string, rows: object | object[]): QueryRequest =>
  ({ method: "POST", path: table, headers: JSON_BODY, body: JSON.stringify(rows) });

export const changing = (table: string, id: string, changes: object): QueryRequest =>
  ({ method: "PATCH", path: `${table}?id=eq.${encodeURIComponent(id)}`, headers: JSON_BODY, body: JSON.stringify(changes) });

export const deleting = (table: string, id: string): QueryRequest => ({ method: "DELETE", path: `${table}?id=eq.${encodeURIComponent(id)}` });

/** Several writes, all of them or none. */
export async function write({ tc }: Store, requests: QueryRequest[]): Promise<void> {
  if (requests.length > 0) await tc.transaction(requests);
}

/** A UUIDv7: keys sort by when they were made. */
export function newId(now = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let at = 0; at < 6; at++) bytes[at] = Math.floor(now / 2 ** (8 * (5 - at))) % 256;
  bytes[6] = (bytes[6]! & 0x0f) | 0x70; // version 7
  bytes[8] = (bytes[8]! & 0x3f) | 0x80; // variant
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** What waits of one table, by row: its state, and when its newest change was made. */
export type Waiting = Map<string, { status: SyncStatus; made: number }>;

export async function waitingOf(store: Store, table: string): Promise<Waiting> {
  const { pending, refused, conflicts } = store.tc.status();
  const waiting: Waiting = new Map();
  if (pending + refused + conflicts === 0) return waiting;
  const on = isSyncOn(store);
  for (const entry of await store.tc.outbox.list()) {
    if (entry.table !== table) continue;
    const id = String(entry.key[0]);
    const status = statusOf(entry, on);
    const known = waiting.get(id);
    const worse = known && ORDER.indexOf(known.status) < ORDER.indexOf(status) ? known.status : status;
    waiting.set(id, { status: worse, made: Math.max(entry.made, known?.made ?? 0) });
  }
  return waiting;
}

/**
 * When a row was changed last, as a column to write: only where the server has never seen the row. Of one that it knows, the server alone
 * says so; a client's word would be a conflict with everyone else's.
 */
export async function dateOf({ tc }: Store, table: PlanTable, id: string): Promise<{ updated_at?: string }> {
  if (tc.status().pending === 0) return {};
  const entries = (await tc.outbox.list()).filter((entry) => entry.table === table && entry.key[0] === id);
  const isNew = entries.length === 1 && entries[0]!.operation === "insert" && entries[0]!.state === "waiting";
  return isNew ? { updated_at: new Date().toISOString() } : {};
}

/** The first that holds is said. */
const ORDER: SyncStatus[] = ["conflict", "error", "syncing", "pending", "local", "synced"];

function statusOf({ state }: OutboxEntry, on: boolean): SyncStatus {
  switch (state) {
    case "conflict": return "conflict";
    case "refused": return "error";
    case "sent": return "syncing";
    case "waiting": return on ? "pending" : "local";
  }
}

/** Rows with their sync state, last change first, then by id. What was changed here is newer than the server's time says. */
export async function listed<Row extends { id: string; updated_at: string; sync_status: SyncStatus }>(
  store: Store,
  table: PlanTable,
  filters: string[],
  limit = Infinity,
): Promise<Row[]> {
  const waiting = await waitingOf(store, table);
  // Without changes that wait the server's order is the order.
  const cut = waiting.size === 0 && limit < Infinity ? [`limit=${limit}`] : [];
  const rows = await rowsOf<Row>(store, `${table}?${[...filters, "order=updated_at.desc,id", ...cut].join("&")}`);
  if (waiting.size === 0) return rows.map((row) => ({ ...row, sync_status: "synced" }));
  const dated = rows.map((row) => withState(row, waiting));
  dated.sort(({ at: a, row: one }, { at: b, row: other }) => b - a || (one.id < other.id ? -1 : 1));
  return dated.slice(0, limit).map(({ row }) => row);
}

export function withState<Row extends { id: string; updated_at: string }>(row: Row, waiting: Waiting): { row: Row & { sync_status: SyncStatus }; at: number } {
  const { status = "synced", made = 0 } = waiting.get(row.id) ?? {};
  const stored = Date.parse(row.updated_at);
  const at = Math.max(stored, made);
  return { at, row: { ...row, sync_status: status, updated_at: at > stored ? new Date(at).toISOString() : row.updated_at } };
}

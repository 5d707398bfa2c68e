/**
 * Rows of the recipe `path`: read by PostgREST's words, written only if they differ, and what became of a write. Every other file
 * of the recipe works through this one.
 */
import { ThermoclineError } from "../errors.js";
import type { QueryRequest, Thermocline } from "../types.js";
import type { Synced } from "./path-types.js";
import { bodyOf, callRecipe, isPartial, localTime, userOf } from "./recipe.js";

export interface Read<Row> {
  rows: Row[];
  /** The same as JSON text. */
  text: string;
  /** Some may be on the server only. */
  partial: boolean;
}

/** A row that was written, or that was there. */
export interface RowId {
  table: string;
  id: string;
}

const JSON_BODY = { "content-type": "application/json", prefer: "return=representation" };

export async function read<Row>(tc: Thermocline, path: string): Promise<Read<Row>> {
  const answer = await tc.query({ path, headers: { prefer: "thermocline=stale" } });
  const text = bodyOf(answer, path.split("?")[0] ?? path);
  return { text, rows: JSON.parse(text) as Row[], partial: isPartial(answer) };
}

/** The first row that a path finds. */
export async function readOne<Row>(tc: Thermocline, path: string): Promise<Row | null> {
  return (await read<Row>(tc, `${path}${path.includes("?") ? "&" : "?"}limit=1`)).rows[0] ?? null;
}

/** Runs a write and tells what became of it; a write that is refused is a result, not an error. */
export async function outcomeOf(tc: Thermocline, work: () => Promise<RowId>): Promise<Synced> {
  try {
    userOf(tc);
    const row = await work();
    return await stateOf(tc, row);
  } catch (thrown) {
    if (!(thrown instanceof ThermoclineError)) throw thrown;
    const checked = /\((\d[\dA-Z]{4})\)$/.exec(thrown.message)?.[1];
    return { success: false, state: "failed", error: { code: checked ?? thrown.code, message: thrown.message } };
  }
}

/** Where a row's changes stand. */
export async function stateOf(tc: Thermocline, { table, id }: RowId): Promise<Synced> {
  const waiting = (await tc.outbox.list()).filter((entry) => entry.table === table && entry.key[0] === id);
  const stuck = waiting.find(({ state }) => state === "refused" || state === "conflict");
  if (stuck) {
    const error = stuck.error ?? { code: "conflict", message: "the row has another version on the server: a person decides" };
    return { success: false, state: "failed", error, id };
  }
  return { success: true, state: waiting.length > 0 ? "queued" : "synced", id };
}

/** Refuses, with the name of the check, what the server would refuse. */
export function validate(table: string, row: object): void {
  const { today } = localTime();
  const { refused } = callRecipe<{ refused: { code: string; constraint: string; message: string } | null }>(
    "path", "validate", { table, row, today });
  if (refused) throw new ThermoclineError("invalid_request", `${refused.constraint}: ${refused.message} (${refused.code})`);
}

/**
 * The request that brings the row of a natural key to these values: an insert, an update of what differs, or none (the row's id) if
 * nothing does.
 */
export async function bringTo(tc: Thermocline, table: string, key: Record<string, string | number>, values: object): Promise<QueryRequest | RowId> {
  validate(table, { ...key, ...values });
  const names = ["id", ...Object.keys(values)];
  const there = await readOne<Record<string, unknown> & { id: string }>(tc, `${table}?select=${names.join()}${matching(key)}`);
  if (!there) return insertOf(table, { ...key, ...values });
  const changed = Object.entries(values).filter(([name, value]) => !isSame(there[name], value));
  if (changed.length === 0) return { table, id: there.id };
  return { method: "PATCH", path: `${table}?id=eq.${there.id}&select=id`, headers: JSON_BODY, body: JSON.stringify(Object.fromEntries(changed)) };
}

/** Carries that out. */
export async function put(tc: Thermocline, table: string, key: Record<string, string | number>, values: object): Promise<RowId> {
  const request = await bringTo(tc, table, key, values);
  return "id" in request ? request : send(tc, table, request);
}

export async function insert(tc: Thermocline, table: string, row: object): Promise<RowId> {
  validate(table, row);
  return send(tc, table, insertOf(table, row));
}

/** Deletes a row, if it is there. */
export async function remove(tc: Thermocline, row: RowId): Promise<RowId> {
  bodyOf(await tc.query({ method: "DELETE", path: `${row.table}?id=eq.${row.id}` }), row.table);
  return row;
}

const insertOf = (table: string, row: object): QueryRequest =>
  ({ method: "POST", path: `${table}?select=id`, headers: JSON_BODY, body: JSON.stringify(row) });

export async function send(tc: Thermocline, table: string, request: QueryRequest): Promise<RowId> {
  return idIn(table, bodyOf(await tc.query(request), table));
}

/** The id in the answer to a write. */
export function idIn(table: string, body: string): RowId {
  const [row] = JSON.parse(body) as { id: string }[];
  if (!row) throw new ThermoclineError("invalid_request", `${table}: the row is not there any more`);
  return { table, id: row.id };
}

/** A key as filters of a path; of no key, the user's one row. */
function matching(key: Record<string, string | number>): string {
  return Object.entries(key).map(([name, value]) => `&${name}=eq.${encodeURIComponent(value)}`).join("");
}

/** Whether two JSON values are the same; a time is one, however it is written. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b || (a ?? null) === (b ?? null)) return true;
  if (typeof a === "string" && typeof b === "string") return /^\d{4}-\d\d-\d\dT/.test(a) && Date.parse(a) === Date.parse(b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const [left, right] = [Object.entries(a), b as Record<string, unknown>];
  return left.length === Object.keys(right).length && left.every(([name, value]) => name in right && isSame(value, right[name]));
}

/** Whether the network can be asked for something now. */
export function isOnline(tc: Thermocline): boolean {
  const { state } = tc.status();
  return state !== "offline" && state !== "limited" && (typeof navigator === "undefined" || navigator.onLine);
}

/**
 * What a reader sees of a change that the server did not take, and what becomes of it. Pure: the
 * outbox's entries go in, columns, sides and rows to write come out.
 */

import type { OutboxEntry } from "thermocline";
import { shownColumns } from "./columns.ts";

type Row = Record<string, unknown>;

export const needsReader = ({ state }: OutboxEntry): boolean => state === "refused" || state === "conflict";

/** What needs the reader first, each in its old order. */
export const neediestFirst = (entries: OutboxEntry[]): OutboxEntry[] =>
  [...entries.filter(needsReader), ...entries.filter((entry) => !needsReader(entry))];

export const keyOf = ({ key }: OutboxEntry): string => key.map(String).join(", ");

/** What the entry is called, where the device does not show it any more. */
export function nameOf(entry: OutboxEntry): string {
  const title = [entry.changes, entry.theirs ?? {}, entry.before].map((row: Row) => row.title).find((known) => typeof known === "string");
  return title ? String(title) : `${keyOf(entry).slice(0, 8)}…`;
}

/** The server does not show the row any more: there is nothing to open or to edit. */
export const isHidden = ({ error }: OutboxEntry): boolean => error?.code === "hidden";

/** Later changes of the same row, which wait behind it. */
export const laterEdits = (entry: OutboxEntry, all: OutboxEntry[]): OutboxEntry[] =>
  all.filter(({ behind, table, key }) => behind === entry.id && table === entry.table && String(key) === String(entry.key));

/** The columns of a change that trying again sends as they are in it; the others were edited since, and that is sent. */
export function ownColumns(entry: OutboxEntry, later: OutboxEntry[]): string[] {
  const since = new Set(later.flatMap(({ changes }) => Object.keys(changes)));
  return shownColumns(Object.keys(entry.changes)).filter((column) => !since.has(column));
}

/** Of an entry that was deleted elsewhere and is written again, only what was changed is here: it lacks what every entry has to have. */
export const lacksTitle = ({ operation, changes }: OutboxEntry, later: OutboxEntry[]): boolean =>
  (operation === "insert" || operation === "upsert") && [changes, ...later.map((edit) => edit.changes)].every((columns) => !("title" in columns));

/** One column of a conflict. `before` is missing where the change did not see one: that of a new entry. */
export interface Sides {
  column: string;
  before?: unknown;
  mine: unknown;
  theirs: unknown;
  differs: boolean;
}

export function sidesOf({ changes, before, theirs }: OutboxEntry): Sides[] {
  return shownColumns(Object.keys(changes)).map((column) => ({
    column,
    ...(column in before ? { before: before[column] } : {}),
    mine: changes[column],
    theirs: theirs?.[column],
    differs: theirs === null || !isSame(changes[column], theirs[column]),
  }));
}

export type Side = "mine" | "theirs";

/** The row that takes from both: every changed column by name, so that none of mine slips in where theirs was chosen. */
export function rowOf(sides: Sides[], chosen: Record<string, Side>): Row {
  return Object.fromEntries(sides.map(({ column, mine, theirs }) => [column, chosen[column] === "theirs" ? theirs : mine]));
}

export const isSame = (a: unknown, b: unknown): boolean => textOf(a) === textOf(b);

/** PostgreSQL keeps the keys of JSON in an order of its own. */
function textOf(value: unknown): string {
  return JSON.stringify(value ?? null, (_, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort()) : part);
}

/** A text in three: what it has in common with another at its start, what is its own, and what is common at its end. */
export function ownPart(text: string, other: string): [string, string, string] {
  const [words, others] = [text, other].map((whole) => whole.split(/(?<=\s)/)) as [string[], string[]];
  const least = Math.min(words.length, others.length);
  let start = 0;
  while (start < least && words[start] === others[start]) start++;
  let end = 0;
  while (end < least - start && words.at(-1 - end) === others.at(-1 - end)) end++;
  const own = words.slice(start, words.length - end).join("");
  const after = words.slice(words.length - end).join("");
  return [words.slice(0, start).join(""), own.trimEnd(), own.slice(own.trimEnd().length) + after];
}

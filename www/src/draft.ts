/**
 * An entry while it is being written: every field as its control holds it. Pure. Drafts that were left
 * unsaved are kept while the page is open, so that looking at another entry loses nothing.
 */

import { tagsOf, type Entry, type EntryInsert, type EntryUpdate } from "./entries.ts";
import { today } from "./words.ts";

export interface Draft {
  title: string;
  body: string;
  mood: number | null;
  amount: string;
  tags: string;
  status: "open" | "done";
  pinned: boolean;
  happened_on: string;
}

export type Problems = Partial<Record<keyof Draft, string>>;

const TITLE_CHARS = 200;
const AMOUNT = /^-?\d{1,10}([.,]\d{1,2})?$/;

export const emptyDraft = (): Draft => ({
  title: "", body: "", mood: null, amount: "", tags: "", status: "open", pinned: false, happened_on: today(),
});

export const draftOf = (entry: Pick<Entry, keyof Draft>): Draft => ({
  title: entry.title,
  body: entry.body ?? "",
  mood: entry.mood,
  amount: entry.amount === null ? "" : String(entry.amount),
  tags: tagsOf(entry).join(", "),
  status: entry.status === "done" ? "done" : "open",
  pinned: entry.pinned,
  happened_on: entry.happened_on ?? "",
});

/** The columns the form has a field for, in its order. */
export const FIELDS = ["title", "body", "mood", "happened_on", "amount", "tags", "status", "pinned"] as const satisfies (keyof Draft)[];

/** A change that was not taken, as the form holds it; columns it does not name are as in a new entry. */
export const draftOfChanges = (changes: EntryUpdate): Draft =>
  draftOf({ title: "", body: null, mood: null, amount: null, tags: [], status: "open", pinned: false, happened_on: null, ...changes });

/** What has to be put right before the draft can be saved, per field, in the reader's words. */
export function problemsOf(draft: Draft): Problems {
  const problems: Problems = {};
  const title = draft.title.trim();
  if (title === "") problems.title = "Give the entry a title.";
  else if (title.length > TITLE_CHARS) problems.title = `Shorten the title to ${TITLE_CHARS} characters; it has ${title.length}.`;
  if (draft.amount.trim() !== "" && !AMOUNT.test(draft.amount.trim())) {
    problems.amount = "Write the amount as a number with at most two decimals, such as 12.50.";
  }
  return problems;
}

/** The draft as a new row. */
export const insertOf = (draft: Draft): EntryInsert => columnsOf(draft);

/** Only the columns that differ from the entry: what others change meanwhile stays theirs. */
export const changesOf = (draft: Draft, entry: Entry): EntryUpdate => editsOf(draft, draftOf(entry));

/** The columns in which a draft differs from what it was. */
export function editsOf(draft: Draft, origin: Draft): EntryUpdate {
  const before: Record<string, unknown> = columnsOf(origin);
  const after = Object.entries(columnsOf(draft));
  return Object.fromEntries(after.filter(([column, value]) => JSON.stringify(value) !== JSON.stringify(before[column])));
}

export const isEmpty = (changes: object): boolean => Object.keys(changes).length === 0;

function columnsOf(draft: Draft) {
  const amount = draft.amount.trim().replace(",", ".");
  return {
    title: draft.title.trim(),
    body: draft.body === "" ? null : draft.body,
    mood: draft.mood,
    amount: amount === "" ? null : Number(amount),
    tags: [...new Set(draft.tags.split(",").map((tag) => tag.trim()).filter(Boolean))],
    status: draft.status,
    pinned: draft.pinned,
    happened_on: draft.happened_on === "" ? null : draft.happened_on,
  };
}

const unsaved = new Map<string, Draft>();

export const keepDraft = (id: string, draft: Draft): void => void unsaved.set(id, draft);
export const keptDraft = (id: string): Draft | undefined => unsaved.get(id);
export const dropDraft = (id: string): void => void unsaved.delete(id);

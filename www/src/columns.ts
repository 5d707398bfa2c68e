/** The columns of an entry as a reader knows them: their names, and their values in words. */

import { day } from "./words.ts";

const NAMES: Record<string, string> = {
  title: "Title", body: "Text", happened_on: "Day", amount: "Amount", tags: "Tags", mood: "Mood", status: "Status", pinned: "Pinned",
  slug: "Short name", meta: "More",
};

/** Whose row it is, which, and when it was written: nothing a reader could choose. */
const HIDDEN = new Set(["id", "user_id", "created_at", "updated_at"]);

export const MOODS = ["Rough", "Low", "Fine", "Good", "Great"] as const;
export const moodName = (mood: number): string => MOODS[mood - 1] ?? `Mood ${mood}`;

export const columnName = (column: string): string => NAMES[column] ?? column;

/** The columns that are shown, in the order of the form; those it does not know come last. */
export function shownColumns(columns: string[]): string[] {
  const order = Object.keys(NAMES);
  const place = (column: string): number => (order.indexOf(column) + order.length + 1) % (order.length + 1);
  return columns.filter((column) => !HIDDEN.has(column)).sort((a, b) => place(a) - place(b));
}

export const isNothing = (value: unknown): boolean =>
  value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

export function valueWords(column: string, value: unknown): string {
  if (isNothing(value)) return "empty";
  if (column === "mood") return moodName(Number(value));
  if (column === "status") return value === "done" ? "Done" : "Open";
  if (column === "happened_on") return day(String(value));
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (Array.isArray(value)) return value.map(String).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

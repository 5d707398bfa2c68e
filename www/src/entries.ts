/**
 * Entries as the app asks for and writes them. Every query and every write of an entry is here, and
 * each is plain supabase-js; that they are answered from the device is not this module's business.
 */

import type { Supabase } from "./backend.ts";
import type { Database } from "./database.ts";

type Entries = Database["public"]["Tables"]["entries"];
export type Entry = Entries["Row"];
export type EntryInsert = Entries["Insert"];
export type EntryUpdate = Entries["Update"];

/** What a list shows of an entry; its `meta` may be large and is read with the entry alone. */
export type EntrySummary = Omit<Entry, "meta" | "slug" | "user_id">;
const SUMMARY = "id,title,body,mood,amount,tags,status,pinned,happened_on,created_at,updated_at";

export type Sort = "newest" | "oldest" | "edited" | "title";

export interface Filter {
  search: string;
  status: "all" | "open" | "done";
  tag: string | null;
  pinned: boolean;
  sort: Sort;
}

export const EVERYTHING: Filter = { search: "", status: "all", tag: null, pinned: false, sort: "newest" };

export const isNarrowed = ({ search, status, tag, pinned }: Filter): boolean =>
  search.trim() !== "" || status !== "all" || tag !== null || pinned;

/** The first `limit` entries that pass the filter, in its order. */
export function listEntries(supabase: Supabase, filter: Filter, limit: number) {
  const query = narrow(supabase.from("entries").select(SUMMARY), filter);
  return order(query, filter.sort).limit(limit);
}

/** How many entries pass the filter. */
export async function countEntries(supabase: Supabase, filter: Filter): Promise<number | null> {
  const { count } = await narrow(supabase.from("entries").select("id", { count: "exact", head: true }), filter);
  return count;
}

export function oneEntry(supabase: Supabase, id: string) {
  return supabase.from("entries").select("*").eq("id", id);
}

export function titlesOf(supabase: Supabase, ids: string[]) {
  return supabase.from("entries").select("id,title").in("id", ids);
}

export function allTags(supabase: Supabase) {
  return supabase.from("entries").select("tags");
}

interface Narrowable {
  or(filters: string): this;
  eq(column: string, value: unknown): this;
  contains(column: string, value: unknown): this;
}

function narrow<Query extends Narrowable>(query: Query, { search, status, tag, pinned }: Filter): Query {
  let narrowed = query;
  const pattern = likePattern(search.trim());
  if (pattern) narrowed = narrowed.or(`title.ilike.${pattern},body.ilike.${pattern}`);
  if (status !== "all") narrowed = narrowed.eq("status", status);
  if (tag !== null) narrowed = narrowed.contains("tags", JSON.stringify([tag]));
  if (pinned) narrowed = narrowed.eq("pinned", true);
  return narrowed;
}

/** `search` as a quoted `ilike` operand in which the reader's own `%`, `_`, `*` and `\` mean themselves. */
function likePattern(search: string): string | null {
  if (search === "") return null;
  // PostgREST reads `*` as `%` and offers no escape for it: a single-character wildcard comes closest.
  const literal = search.replaceAll(/[\\%_]/g, "\\$&").replaceAll("*", "_");
  return `"%${literal.replaceAll(/[\\"]/g, "\\$&")}%"`;
}

interface Orderable {
  order(column: string, options: { ascending: boolean; nullsFirst?: boolean }): this;
}

function order<Query extends Orderable>(query: Query, sort: Sort): Query {
  switch (sort) {
    case "newest":
      return query.order("happened_on", { ascending: false, nullsFirst: false }).order("id", { ascending: false });
    case "oldest":
      return query.order("happened_on", { ascending: true, nullsFirst: false }).order("id", { ascending: true });
    case "edited":
      return query.order("updated_at", { ascending: false }).order("id", { ascending: true });
    case "title":
      return query.order("title", { ascending: true }).order("id", { ascending: true });
  }
}

export async function addEntry(supabase: Supabase, entry: EntryInsert): Promise<void> {
  const { error } = await supabase.from("entries").insert(entry);
  if (error) throw error;
}

export async function changeEntry(supabase: Supabase, id: string, changes: EntryUpdate): Promise<void> {
  const { error } = await supabase.from("entries").update(changes).eq("id", id);
  if (error) throw error;
}

export async function deleteEntry(supabase: Supabase, id: string): Promise<void> {
  const { error } = await supabase.from("entries").delete().eq("id", id);
  if (error) throw error;
}

/** Adds those that are not here yet; entries that are keep what was done to them since. */
export async function addMissing(supabase: Supabase, entries: EntryInsert[]): Promise<void> {
  const { error } = await supabase.from("entries").upsert(entries, { onConflict: "id", ignoreDuplicates: true });
  if (error) throw error;
}

/** Deletes every entry whose slug starts with `prefix`. */
export async function deleteBySlug(supabase: Supabase, prefix: string): Promise<void> {
  const { error } = await supabase.from("entries").delete().like("slug", `${prefix}%`);
  if (error) throw error;
}

/** The tags of an entry; `tags` is JSON and may hold anything, only texts count. */
export function tagsOf({ tags }: Pick<Entry, "tags">): string[] {
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string") : [];
}

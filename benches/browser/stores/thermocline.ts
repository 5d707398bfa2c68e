// Thermocline, asked in both ways: through supabase-js, and by tc.query.
//
// Every write goes into the outbox too. Sync is off while anything is measured; before that, one round
// brings the table's definition and the rows that the server has.

import { createClient } from "@supabase/supabase-js";
import { openThermocline, type Thermocline } from "thermocline";
import type { Note } from "../rows.js";
import type { Durability, Project, Store } from "./store.js";

const PART = 1_000;

type Client = ReturnType<typeof createClient<any>>;

async function opened(name: string, durability: Durability, project: Project) {
  const { url, key, email, password } = project;
  const tc = await openThermocline({ url, key, tables: ["notes"], name, durability });
  const supabase: Client = createClient<any>(url, key, {
    global: { fetch: tc.fetch },
    auth: { storageKey: name, autoRefreshToken: false },
  });
  if (tc.status().user === null) {
    const { error } = await supabase.auth.signInWithPassword({ email, password });
    if (error) throw error;
    await tc.sync.start();
    await tc.sync.now();
    await tc.sync.stop();
  }
  return { tc, supabase };
}

export async function openThroughSupabase(name: string, durability: Durability, project: Project): Promise<Store> {
  const { tc, supabase } = await opened(name, durability, project);
  const notes = () => supabase.from("notes");
  return {
    async insertAll(rows) {
      await Promise.all(partsOf(rows).map(async (part) => done(await notes().insert(part))));
    },
    async insert(row) { done(await notes().insert(row)); },
    async get(id) { return done(await notes().select().eq("id", id).single()); },
    async range(from, to) { return done(await notes().select().gte("at", from).lt("at", to).order("at")); },
    async latest(status, count) {
      return done(await notes().select().eq("status", status).order("at", { ascending: false }).limit(count));
    },
    async all() { return done(await notes().select()); },
    close: () => tc.close(),
  };
}

/** supabase-js's own time grows with the square of the rows in one insert: nobody gives it 10,000 at once. */
function partsOf(rows: Note[]): Note[][] {
  return Array.from({ length: Math.ceil(rows.length / PART) }, (_, n) => rows.slice(n * PART, (n + 1) * PART));
}

function done<T>({ data, error }: { data: T; error: unknown }): NonNullable<T> {
  if (error) throw new Error(JSON.stringify(error));
  return data!;
}

export async function openThroughQuery(name: string, durability: Durability, project: Project): Promise<Store> {
  const { tc } = await opened(name, durability, project);
  const time = encodeURIComponent;
  return {
    insertAll: (rows) => insert(tc, rows),
    insert: (row) => insert(tc, row),
    async get(id) { return (await rows(tc, `notes?id=eq.${id}`))[0]!; },
    range: (from, to) => rows(tc, `notes?at=gte.${time(from)}&at=lt.${time(to)}&order=at`),
    latest: (status, count) => rows(tc, `notes?status=eq.${status}&order=at.desc&limit=${count}`),
    all: () => rows(tc, "notes"),
    close: () => tc.close(),
  };
}

async function insert(tc: Thermocline, given: Note | Note[]): Promise<void> {
  const { status, body } = await tc.query({ method: "POST", path: "notes", body: JSON.stringify(given) });
  if (status !== 201) throw new Error(body);
}

async function rows(tc: Thermocline, path: string): Promise<Note[]> {
  const { status, body } = await tc.query(path);
  if (status !== 200) throw new Error(body);
  return JSON.parse(body) as Note[];
}

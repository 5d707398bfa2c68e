// Thermocline, asked in both ways: through supabase-js, and by tc.query.
//
// Every write goes into the outbox too. Sync is off while anything is measured; before that, one round
// brings the table's definition and the rows that the server has.

import { createClient } from "@supabase/supabase-js";
import { openThermocline, type Thermocline } from "thermocline";
import { removeDatabases, type Changes, type Durability, type Note, type Project, type Store } from "./store.js";

const PART = 1_000;

type Client = ReturnType<typeof createClient<any>>;

/** A client whose user is signed in, with sync off if the database is new. */
export async function signedInClient(name: string, durability: Durability, project: Project) {
  const { url, key, email, password } = project;
  const tc = await openThermocline({ url, key, tables: ["notes"], name, durability });
  const supabase: Client = createClient<any>(url, key, {
    global: { fetch: tc.fetch },
    auth: { storageKey: name, autoRefreshToken: false },
  });
  const isNew = tc.status().user === null;
  if (isNew) {
    const { error } = await supabase.auth.signInWithPassword({ email, password });
    if (error) throw error;
  }
  const remove = async () => {
    await tc.close();
    await removeDatabases(`thermocline/${name}`);
  };
  return { tc, supabase, remove, isNew };
}

/** The same, with the table's definition and the rows that the server has. */
export async function openClient(name: string, durability: Durability, project: Project) {
  const client = await signedInClient(name, durability, project);
  if (client.isNew) {
    await client.tc.sync.start();
    await client.tc.sync.now();
    await client.tc.sync.stop();
  }
  return client;
}

export async function openThroughSupabase(name: string, durability: Durability, project: Project): Promise<Store> {
  const { tc, supabase, remove } = await openClient(name, durability, project);
  const notes = () => supabase.from("notes");
  const latest = (status: string, count: number) =>
    notes().select().eq("status", status).order("at", { ascending: false }).limit(count);
  return {
    async insertAll(rows) {
      await Promise.all(partsOf(rows).map(async (part) => done(await notes().insert(part))));
    },
    async insert(row) { done(await notes().insert(row)); },
    async update(from, to, changes) { done(await notes().update(changes).gte("at", from).lt("at", to)); },
    async get(id) { return done(await notes().select().eq("id", id).single()); },
    async range(from, to) { return done(await notes().select().gte("at", from).lt("at", to).order("at")); },
    async latest(status, count) { return done(await latest(status, count)); },
    async all() { return done(await notes().select()); },
    watch: (status, count, callback) => tc.live<Note>(latest(status, count), ({ rows }) => callback(rows)),
    close: () => tc.close(),
    remove,
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
  const { tc, remove } = await openClient(name, durability, project);
  const latest = (status: string, count: number) => `notes?status=eq.${status}&order=at.desc&limit=${count}`;
  return {
    insertAll: (given) => insert(tc, given),
    insert: (row) => insert(tc, row),
    update: (from, to, changes) => update(tc, `notes?${between(from, to)}`, changes),
    async get(id) { return (await rows(tc, `notes?id=eq.${id}`))[0]!; },
    range: (from, to) => rows(tc, `notes?${between(from, to)}&order=at`),
    latest: (status, count) => rows(tc, latest(status, count)),
    all: () => rows(tc, "notes"),
    watch: (status, count, callback) => tc.live<Note>(latest(status, count), (result) => callback(result.rows)),
    close: () => tc.close(),
    remove,
  };
}

const between = (from: string, to: string) => `at=gte.${encodeURIComponent(from)}&at=lt.${encodeURIComponent(to)}`;

export async function insert(tc: Thermocline, given: Note | Note[]): Promise<void> {
  const { status, body } = await tc.query({ method: "POST", path: "notes", body: JSON.stringify(given) });
  if (status !== 201) throw new Error(body);
}

async function update(tc: Thermocline, path: string, changes: Changes): Promise<void> {
  const { status, body } = await tc.query({ method: "PATCH", path, body: JSON.stringify(changes) });
  if (status !== 204) throw new Error(body);
}

export async function rows(tc: Thermocline, path: string): Promise<Note[]> {
  const { status, body } = await tc.query(path);
  if (status !== 200) throw new Error(body);
  return JSON.parse(body) as Note[];
}

// The server of the sync benchmarks: Supabase's lite server on a PostgreSQL of its own, with one table for each side, whose requests are
// counted and timed where they arrive.

import { connect } from '../../tests/sql/cluster.mjs'
import { startPostgres } from '../../supabase/dev/postgres.mjs'
import { startServer } from '../../supabase/dev/server.mjs'
import { noteOf } from '../rows.mjs'
import { ISOLATED, signUp, TABLE } from '../server.mjs'

/** As RxDB's documentation makes a table for its plugin: text key, `_deleted`, `_modified` set by moddatetime; and an index for its pulls. */
const RXDB_TABLE = `
  create extension if not exists moddatetime schema extensions;
  create table public.rx_notes (
    id text not null primary key,
    user_id uuid not null default auth.uid(),
    title text not null,
    body text,
    status text not null default 'open',
    score integer,
    at timestamptz not null,
    _deleted boolean not null default false,
    _modified timestamptz not null default now()
  );
  create index rx_notes_modified on public.rx_notes (_modified, id);
  create trigger update_modified_datetime before update on public.rx_notes for each row execute function extensions.moddatetime('_modified');
  alter table public.rx_notes enable row level security;
  create policy rx_notes_are_the_owners on public.rx_notes for all to authenticated
    using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
  grant select, insert, update, delete on public.rx_notes to authenticated`
const COLUMNS = 'id, user_id, title, body, status, score, at'
const PART = 5_000

/** Starts it. `close` leaves nothing behind. */
export async function startSyncStack(staticDir) {
  const cluster = await startPostgres()
  const databaseUrl = await cluster.newDatabase()
  const traffic = new Traffic()
  const server = await startServer({
    backend: 'postgres', databaseUrl, staticDir,
    intercept: (request, response) => {
      for (const [name, value] of Object.entries(ISOLATED)) response.setHeader(name, value)
      traffic.watch(request, response)
      // RxDB quotes names in `or`, as PostgREST allows and lite does not.
      if (request.url.startsWith('/rest/v1/rx_notes')) request.url = request.url.replaceAll('%22', '')
      return false
    },
  })
  const sql = await connect(databaseUrl)
  await sql.query(`create schema if not exists extensions; grant usage on schema extensions to public; ${TABLE}; ${RXDB_TABLE}`)
  let people = 0
  return {
    url: server.url,
    key: server.anonKey,
    traffic,
    newDatabase: cluster.newDatabase,
    newAccount: () => signUp(server, `person${++people}@example.org`),
    /** Gives a user so many rows in both tables, by SQL. */
    async fill(user, count) {
      for (let from = 0; from < count; from += PART) await sql.query(FILL, [JSON.stringify(notes(user, from, Math.min(from + PART, count), count))])
      await sql.query('vacuum analyze public.notes, public.rx_notes')
    },
    countOf: async (table, user) => Number((await sql.query(`select count(*) from public.${table} where user_id = $1`, [user])).rows[0].count),
    async close() {
      await sql.end()
      await server.close()
      await cluster.stop()
    },
  }
}

const FILL = `with given as (select * from jsonb_populate_recordset(null::public.rx_notes, $1)),
  theirs as (insert into public.rx_notes (${COLUMNS}) select ${COLUMNS} from given)
  insert into public.notes (${COLUMNS}) select id::uuid, ${COLUMNS.slice(4)} from given`

const notes = (user, from, to, count) => Array.from({ length: to - from }, (_, n) => noteOf(from + n, count, crypto.randomUUID(), user))

/** What went over the wire to PostgREST since the last `take`. */
class Traffic {
  #now = nothing()

  /** Requests, bytes of the bodies in both directions, and milliseconds from a request's arrival to its answer's end, added up. */
  take() {
    const taken = this.#now
    this.#now = nothing()
    return taken
  }

  watch(request, response) {
    if (!request.url.startsWith('/rest/v1/')) return
    const counted = this.#now
    const began = performance.now()
    counted.requests++
    counted.sent += Number(request.headers['content-length'] ?? 0)
    const { write, end } = response
    const count = (part) => { if (part && typeof part !== 'function') counted.received += Buffer.byteLength(part) }
    response.write = (...given) => {
      count(given[0])
      return write.apply(response, given)
    }
    response.end = (...given) => {
      count(given[0])
      counted.took += performance.now() - began
      return end.apply(response, given)
    }
  }
}

const nothing = () => ({ requests: 0, sent: 0, received: 0, took: 0 })

// The server of the benchmarks: the dev server on PGlite with one table, whose rows filler.mjs makes up as they are pulled.
// Our client needs it for the session, the table's definition and the rows that it reads; nothing measured waits for it.

import { startServer } from '../supabase/dev/server.mjs'
import { fillerFor } from './filler.mjs'

const PASSWORD = 'a long enough password'
/** With these a page may measure time to 5 µs instead of 100. */
export const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }

export const TABLE = `
  create table public.notes (
    id uuid not null default gen_random_uuid() primary key,
    user_id uuid not null default auth.uid(),
    title text not null,
    body text,
    status text not null default 'open',
    score integer,
    at timestamptz not null
  );
  create index notes_at on public.notes (at);
  create index notes_status_at on public.notes (status, at);
  create index notes_score on public.notes (score);
  alter table public.notes enable row level security;
  create policy notes_are_the_owners on public.notes for all to authenticated
    using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
  grant select, insert, update, delete on public.notes to authenticated;
  select thermocline.enable('public.notes', 'user_id', 'merge', time_col => 'at')`

/** Starts it. `writer` is a user without rows; `readers` holds one for each of the counts, who has so many. */
export async function startBenchServer(staticDir, counts) {
  const rows = new Map()
  const fill = fillerFor(rows)
  const server = await startServer({
    staticDir,
    intercept: (request, response) => {
      for (const [name, value] of Object.entries(ISOLATED)) response.setHeader(name, value)
      return fill(request, response)
    },
  })
  for (const statement of TABLE.split(/;\n/)) await server.sql(statement)
  const writer = await signUp(server, 'writer@example.org')
  const readers = new Map()
  for (const count of counts) {
    const reader = await signUp(server, `reader-of-${count}@example.org`)
    rows.set(reader.user, count)
    readers.set(count, reader)
  }
  return { url: server.url, writer, readers, close: server.close }
}

/** Someone new: who it is, their token, and what a page needs to be them. */
export async function signUp({ url, anonKey: key }, email) {
  const answer = await fetch(`${url}/auth/v1/signup`, {
    method: 'POST',
    headers: { apikey: key, 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: PASSWORD }),
  })
  if (!answer.ok) throw new Error(`sign-up answered ${answer.status}: ${await answer.text()}`)
  const { user, access_token: token } = await answer.json()
  return { user: user.id, token, project: { url, key, email, password: PASSWORD } }
}

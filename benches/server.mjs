// The server of the benchmarks: the dev server on PGlite with one table, and rows of one of two users.
// Our client needs it for the table's definition and for the rows that it reads; nothing measured waits for it.

import { startServer } from '../supabase/dev/server.mjs'

const PASSWORD = 'a long enough password'
/** With these a page may measure time to 5 µs instead of 100. */
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }

const TABLE = `
  create table public.notes (
    id uuid not null default gen_random_uuid() primary key,
    user_id uuid not null default auth.uid(),
    title text not null,
    body text,
    status text not null default 'open',
    score integer,
    at timestamptz not null
  );
  alter table public.notes enable row level security;
  create policy notes_are_the_owners on public.notes for all to authenticated
    using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
  grant select, insert, update, delete on public.notes to authenticated;
  select thermocline.enable('public.notes', 'user_id', 'merge', time_col => 'at')`

/** The same shape and size as the rows of browser/rows.ts. */
const FILL = `
  insert into public.notes (id, user_id, title, body, status, score, at)
  select gen_random_uuid(), $1, 'amber basin cedar ' || n, left(repeat('delta ember fjord grove haven ', 3), 36 + n % 30),
    (array['open', 'done', 'later', 'dropped'])[n % 4 + 1], n * 37 % 1000, timestamptz '2026-01-01 00:00:00+00' + n * interval '1 minute'
  from generate_series(0, $2::int - 1) as n`

/** Starts it. `writer` is a user without rows, `reader` one with `rows` of them. */
export async function startBenchServer(staticDir, rows) {
  const server = await startServer({
    staticDir,
    intercept: (_request, response) => {
      for (const [name, value] of Object.entries(ISOLATED)) response.setHeader(name, value)
      return false
    },
  })
  for (const statement of TABLE.split(/;\n/)) await server.sql(statement)
  const writer = await signUp(server, 'writer@example.org')
  const reader = await signUp(server, 'reader@example.org')
  await server.sql(FILL, [reader.user, rows])
  return { url: server.url, writer, reader, close: server.close }
}

async function signUp({ url, anonKey: key }, email) {
  const answer = await fetch(`${url}/auth/v1/signup`, {
    method: 'POST',
    headers: { apikey: key, 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: PASSWORD }),
  })
  if (!answer.ok) throw new Error(`sign-up answered ${answer.status}: ${await answer.text()}`)
  const { user } = await answer.json()
  return { user: user.id, project: { url, key, email, password: PASSWORD } }
}

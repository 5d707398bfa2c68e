// What sync costs the database itself: stamps a row, pushes by size of their batches, empty deltas. On PostgreSQL, with no server before it.

import { connect } from '../../tests/sql/cluster.mjs'
import { Device, insert, update } from '../../tests/sql/client.mjs'
import { migrate } from '../../supabase/dev/migrate.mjs'

const ROWS = 20_000
/** Rows that are newer than a transaction which stays open. */
const NEWER = 10_000
const DELTAS = 41
/** Mutations in a batch -> how many batches a pass. */
const BATCHES = { 1: 40, 50: 10, 500: 5 }
/** The same columns: without sync, with `_rev` alone, with `_rev` and `_at`. */
const POLICIES = { plain: undefined, stamped: 'remote-wins', merged: 'merge' }

const timed = async (work) => {
  const began = performance.now()
  await work()
  return performance.now() - began
}

/**
 * Samples by figure, of so many passes.
 * @param {string} url an empty database @param {number} passes @param {(figure: string, sample: number) => void} keep
 */
export async function measureDatabase(url, passes, keep) {
  const sql = await connect(url)
  await migrate({ run: (text) => sql.query(text), sql: async (text, params) => (await sql.query(text, params)).rows })
  const device = await Device.open(url)
  for (const [name, policy] of Object.entries(POLICIES)) {
    await sql.query(tableOf(name))
    if (policy) await sql.query('select thermocline.enable($1, $2, $3)', [name, 'user_id', policy])
  }
  for (let pass = 0; pass < passes; pass++) {
    for (const name of Object.keys(POLICIES)) await writes(sql, name, device.user, pass, keep)
    for (const [size, times] of Object.entries(BATCHES)) {
      for (let n = 0; n < times; n++) await pushes(device, Number(size), keep)
    }
  }
  await sql.query('vacuum analyze')
  await deltas(url, sql, device, keep)
  await Promise.all([sql.end(), device.close()])
}

const tableOf = (name) => `
  create table ${name} (id uuid primary key default gen_random_uuid(), user_id uuid not null default auth.uid(), title text, body text,
    tags jsonb, mood int, status text default 'open', created_at timestamptz default now());
  alter table ${name} enable row level security;
  create policy own on ${name} to authenticated using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
  grant select, insert, update, delete on ${name} to authenticated`

/** Microseconds a row, by plain SQL. */
async function writes(sql, table, user, pass, keep) {
  const ids = `select md5('${pass}/' || i)::uuid as id, i from generate_series(1, ${ROWS}) i`
  const added = await timed(() => sql.query(`insert into ${table} (id, user_id, title, body, tags)
    select id, '${user}', 'title ' || i, repeat(md5(i::text), 10), '["a"]' from (${ids}) n`))
  const changed = await timed(() => sql.query(`update ${table} set title = title || '.' from (${ids}) n where n.id = ${table}.id`))
  keep(`insert ${table}`, (added * 1_000) / ROWS)
  keep(`update ${table}`, (changed * 1_000) / ROWS)
}

/** Rows a second, inserts and then updates of the same rows. */
async function pushes(device, size, keep) {
  const batch = Array.from({ length: size }, (_, n) => insert('merged', { title: `t${n}`, body: 'x'.repeat(300), tags: ['a'] }))
  let answers
  const added = await timed(async () => { answers = (await device.push(batch)).answers })
  const edits = batch.map(({ row }, n) => update('merged', row.id, { title: 'new' }, { base: answers[n].rev, saw: { title: row.title } }))
  const changed = await timed(() => device.push(edits))
  keep(`push insert ${size}`, (size * 1_000) / added)
  keep(`push update ${size}`, (size * 1_000) / changed)
}

/** Milliseconds of a pull that brings nothing: alone, and beside a transaction that has been idle since before the newest rows. */
async function deltas(url, sql, device, keep) {
  const more = () => sql.query(`insert into merged (id, user_id, title, body)
    select gen_random_uuid(), $1, 'late', repeat('x', 300) from generate_series(1, ${NEWER})`, [device.user])
  await more()
  await empty(device, (sample) => keep('delta', sample))
  const idle = await connect(url)
  await idle.query('begin; select pg_current_xact_id()')
  await more()
  await empty(device, (sample) => keep('delta beside idle', sample))
  await idle.query('commit')
  await idle.end()
}

async function empty(device, keep) {
  const { cursor } = await device.pullAll('merged')
  for (let n = 0; n < DELTAS; n++) keep(await timed(() => device.pull({ merged: { cursor } })))
}

// The functions of the recipe context as a device meets them: on the dev server, in Deno, over a real PostgreSQL (RECIPES 4.7, 9).

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { createClient } from '@supabase/supabase-js'
import WebSocket from 'ws'
import { startPostgres } from '../../supabase/dev/postgres.mjs'
import { startServer } from '../../supabase/dev/server.mjs'
import { group, insert } from '../sql/client.mjs'

const DAY = [[4, 5, 'calm', 'communication'], [5, 5.5, 'calm', 'communication'], [7, 6, 'calm', 'deep_work'], [8, 6.5, 'focused', 'deep_work'],
  [8.5, 7, 'happy', 'deep_work'], [7.5, 6.5, 'happy', 'deep_work'], [5.5, 3.5, 'tired', 'meeting'], [6, 4, 'calm', 'communication']]

let cluster
let server
let trouble = () => false
before(async () => {
  cluster = await startPostgres()
  server = await startServer({ backend: 'postgres', databaseUrl: await cluster.newDatabase(), recipes: ['context'], intercept: (req, res) => trouble(req, res) })
})
after(async () => {
  await server.close()
  await cluster.stop()
})

let users = 0
async function signUp() {
  const options = { realtime: { transport: WebSocket }, auth: { persistSession: false, autoRefreshToken: false } }
  const supabase = createClient(server.url, server.anonKey, options)
  const { data, error } = await supabase.auth.signUp({ email: `user${++users}@example.org`, password: 'a long enough password' })
  assert.equal(error, null)
  return { supabase, user: data.user.id, token: data.session.access_token }
}

/** A function's answer to a body, with any headers; `body` is JSON unless it is text. */
async function call(name, token, body, headers = { apikey: server.anonKey, authorization: `Bearer ${token}` }) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(`${server.url}/functions/v1/${name}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: text })
  const bytes = Buffer.from(await response.arrayBuffer())
  const answer = response.headers.get('content-type').startsWith('application/json') ? JSON.parse(bytes) : bytes
  return { status: response.status, answer, code: answer.error?.code, headers: response.headers }
}

/** Makes the day of C-X3 for a user, an hour apart, the last one an hour ago. */
const liveThrough = (user) => server.sql(`insert into public.context_snapshots (user_id, recorded_at, focus_level, energy_level, mood_state, activity_pattern, context_hash)
  select $1, now() - (9 - n) * interval '1 hour', (d ->> 0)::numeric, (d ->> 1)::numeric, d ->> 2, d ->> 3, lpad(n::text, 32, '0')
  from jsonb_array_elements($2::text::jsonb) with ordinality q(d, n)`, [user, JSON.stringify(DAY)])

async function until(look) {
  const deadline = Date.now() + 10_000
  for (;;) {
    const found = await look()
    if (found || Date.now() > deadline) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const logs = (user) => server.sql('select status, received, applied, duplicates, conflicts, rejected, bytes_in, compressed, error_code, function, client_id from public.sync_logs where user_id = $1 order by created_at, id', [user])
const push = (token, user, ...mutations) => {
  const bytes = gzipSync(JSON.stringify({ v: 1, client: 'a device', batch: group(mutations, user) }))
  const headers = { authorization: `Bearer ${token}`, apikey: server.anonKey, 'content-type': 'application/gzip' }
  return fetch(`${server.url}/functions/v1/apply_deltas`, { method: 'POST', headers, body: bytes }).then(async (response) => ({ status: response.status, bytes: bytes.length, answer: await response.json() }))
}

test('apply_deltas logs each batch as numbers, for its user only (4.9 (14))', async () => {
  const { user, token } = await signUp()
  const other = await signUp()
  const good = insert('entries', { title: 'private words' })
  const { status, bytes } = await push(token, user, good, insert('entries', { title: 'x'.repeat(501) }))
  assert.equal(status, 200)
  assert.equal(await until(async () => (await logs(user)).length === 1), true)
  const [row] = await logs(user)
  assert.deepEqual({ ...row }, { status: 'partial', received: 2, applied: 1, duplicates: 0, conflicts: 0, rejected: 1, bytes_in: bytes, compressed: true,
    error_code: '23514', function: 'apply_deltas', client_id: 'a device' })
  assert.ok(!JSON.stringify(await server.sql('select * from public.sync_logs')).includes('private'))
  await push(token, user, good)
  assert.equal(await until(async () => (await logs(user)).length === 2), true)
  assert.deepEqual((({ status: said, duplicates, applied }) => [said, duplicates, applied])((await logs(user))[1]), ['ok', 1, 0])
  assert.deepEqual((await other.supabase.from('sync_logs').select()).data, [])
})

test('a push neither waits for its log nor fails with it', async () => {
  const { user, token } = await signUp()
  let held = false
  trouble = (req) => {
    const isLog = req.url.startsWith('/rest/v1/sync_logs')
    held ||= isLog
    return isLog // and it is never answered
  }
  const { status, answer } = await push(token, user, insert('entries', { title: 'goes on' }))
  assert.deepEqual([status, answer.groups[0][0][0]], [200, 'applied'])
  assert.equal(await until(() => held), true)
  trouble = () => false
  await push(token, user, insert('sync_logs', { function: 'direct', status: 'failed' }))
  await push(token, user, insert('entries', { title: 'logged' }))
  assert.equal(await until(async () => (await logs(user)).length === 2), true)
  assert.deepEqual((await logs(user)).map((row) => row.function).sort(), ['apply_deltas', 'direct'], 'a batch of log rows is not logged itself')
})

test('generate_insights tells of the caller\'s own figures', async () => {
  const { user, supabase } = await signUp()
  await liveThrough(user)
  const { data, error } = await supabase.functions.invoke('generate_insights', { body: { kind: 'day' } })
  assert.equal(error, null)
  assert.match(data.text, /^In the last 24 hours: 8 samples\. Focus 6\.44 on average, improving\. Energy 5\.50 on average\. Best hour \d\d:00\. Mostly deep_work \(4 of 8\)\.$/)
  assert.deepEqual([data.origin, data.figures.totalSamples, data.figures.trend], ['local', 8, 'improving'])
  const stranger = await signUp()
  const nothing = await stranger.supabase.functions.invoke('generate_insights', { body: { kind: 'day', hours: 168 } })
  assert.equal(nothing.data.text, 'In the last 168 hours: no samples.')
})

test('ten calls a day, the eleventh answers 429; what was refused before is not counted', async () => {
  const { token } = await signUp()
  assert.equal((await call('generate_insights', token, { kind: 'week' })).status, 422)
  const asked = { kind: 'attunement', question: 'What helped?', figures: { urges: 0, leaks: 0, transmuted: 0, trend: 'stable' } }
  for (let n = 0; n < 10; n++) assert.equal((await call('generate_insights', token, asked)).status, 200)
  assert.deepEqual((({ status, code }) => [status, code])(await call('generate_insights', token, asked)), [429, 'rate_limited'])
  assert.equal((await call('generate_insights', (await signUp()).token, asked)).status, 200)
})

test('who may not, and what is not taken, is refused by each function', async () => {
  const { user, token } = await signUp()
  const bodies = { generate_insights: { kind: 'day' }, export_history: { from: '2026-01-01', to: '2026-02-01' } }
  const life = { exp: Math.floor(Date.now() / 1000) + 600, role: 'authenticated', sub: user }
  const refused = async (name, bearer, body, wanted) => assert.deepEqual((({ status, code }) => [status, code])(await call(name, bearer, body)), wanted)
  for (const [name, body] of Object.entries(bodies)) {
    await refused(name, server.anonKey, body, [401, 'unauthorized'])
    await refused(name, jwt({ ...life, exp: 1 }, server.jwtSecret), body, [401, 'unauthorized'])
    await refused(name, jwt(life, 'a secret of someone else'), body, [401, 'unauthorized'])
    await refused(name, jwt({ ...life, is_anonymous: true }, server.jwtSecret), body, [403, 'forbidden'])
    await refused(name, token, JSON.stringify(body).slice(0, -1), [400, 'invalid_json'])
    await refused(name, token, { ...body, more: 'x'.repeat(70_000) }, [413, 'too_large'])
    await refused(name, token, [], [422, 'invalid_request'])
    assert.equal((await call(name, token, body, {})).status, 401)
  }
})

test('export_history holds every snapshot once, in order, with its numbers as they are (4.9 (13))', async () => {
  const { user, supabase, token } = await signUp()
  await server.sql(`insert into public.context_snapshots (user_id, recorded_at, focus_level, energy_level, mood_state, activity_pattern, context_hash)
    select $1, '2026-03-01'::timestamptz + (n / 2) * interval '1 minute', 5, 6.5, 'calm', 'rest', lpad(n::text, 32, '0') from generate_series(1, 2500) n`, [user])
  await server.sql('select public.generate_daily_insights()')
  const { data, error } = await supabase.functions.invoke('export_history', { body: { from: '2026-03-01', to: '2026-03-02' } })
  assert.equal(error, null)
  const text = gunzipSync(Buffer.from(await data.arrayBuffer())).toString()
  const lines = text.trimEnd().split('\n').map((line) => JSON.parse(line))
  const kinds = {}
  for (const line of lines) (kinds[line.kind] ??= []).push(line)
  assert.deepEqual(kinds.manifest[0].counts, { snapshots: 2500, daily_insights: 1 })
  assert.deepEqual([kinds.snapshot.length, kinds.daily_insight.length, kinds.end.length, lines.at(-1).kind], [2500, 1, 1, 'end'])
  assert.deepEqual(kinds.end[0].counts, kinds.manifest[0].counts)
  const order = kinds.snapshot.map((row) => `${row.recorded_at} ${row.id}`)
  assert.deepEqual(order, order.toSorted())
  assert.equal(new Set(order).size, 2500)
  assert.ok(text.includes('"focus_level": 5.00') && !text.includes('_rev') && !text.includes(user))
  assert.match((await call('export_history', token, { from: '2026-03-01', to: '2026-03-02' })).headers.get('content-disposition'), /context-2026-03-01-2026-03-02\.json\.gz/)
  const stranger = await signUp()
  const other = await call('export_history', stranger.token, { from: '2026-03-01', to: '2026-03-02' })
  assert.deepEqual(JSON.parse(gunzipSync(other.answer).toString().split('\n')[0]).counts, { snapshots: 0, daily_insights: 0 })
})

test('one export a user at a time', async () => {
  const { supabase, token } = await signUp()
  assert.equal((await supabase.rpc('thermocline_take', { function: 'export_history' })).data, true)
  const range = { from: '2026-03-01', to: '2026-03-02' }
  assert.deepEqual((({ status, code }) => [status, code])(await call('export_history', token, range)), [429, 'rate_limited'])
  await supabase.rpc('thermocline_release', { function: 'export_history' })
  for (let n = 0; n < 2; n++) assert.equal((await call('export_history', token, range)).status, 200)
})

function jwt(claims, secret) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`
}

// The Edge Function apply_deltas as a device meets it: on the dev server, in Deno, over a real PostgreSQL. It is a way to
// thermocline_push and nothing more: the same answers, the same refusals, exactly once (invariants 2 and 11; PITFALLS 20).

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import http from 'node:http'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createClient } from '@supabase/supabase-js'
import WebSocket from 'ws'
import { startPostgres } from '../../supabase/dev/postgres.mjs'
import { startServer } from '../../supabase/dev/server.mjs'
import { group, insert } from '../sql/client.mjs'

const DIRECT = '/rest/v1/rpc/thermocline_push'
const FUNCTION = '/functions/v1/apply_deltas'

let cluster
let server
let trouble = () => false
before(async () => {
  cluster = await startPostgres()
  server = await startServer({ backend: 'postgres', databaseUrl: await cluster.newDatabase(), intercept: (req, res) => trouble(req, res) })
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
  return { user: data.user.id, token: data.session.access_token }
}

const pushOf = (user, ...mutations) => ({ v: 1, client: 'a device', batch: group(mutations, user) })
const signed = (token) => ({ authorization: `Bearer ${token}`, apikey: server.anonKey })

/** `{ status, answer, headers }` of the function for this body; `text` is compressed, `bytes` are sent as they are. */
async function call(token, { text, bytes = gzipSync(text), headers = signed(token), method = 'POST' }) {
  const response = await fetch(server.url + FUNCTION, { method, headers: { ...headers, 'content-type': 'application/gzip' }, body: method === 'GET' ? undefined : bytes })
  return { status: response.status, answer: await response.json(), headers: response.headers }
}

async function direct(token, text) {
  const response = await fetch(server.url + DIRECT, { method: 'POST', headers: { ...signed(token), 'content-type': 'application/json' }, body: text })
  return { status: response.status, answer: await response.json(), headers: response.headers }
}

const titles = async (user) => (await server.sql('select title from public.entries where user_id = $1 order by title', [user])).map(({ title }) => title)

/** Asserts that the function itself refused, and that nothing reached PostgreSQL. */
function refused({ status, answer, headers }, wanted) {
  assert.deepEqual([status, answer.code], wanted)
  assert.ok(answer.message.length > 10)
  assert.deepEqual(Object.keys(answer).sort(), ['code', 'details', 'hint', 'message'])
  assert.equal(headers.get('thermocline-answer'), null)
  assert.equal(headers.get('access-control-allow-origin'), '*')
}

test('a batch arrives as it does directly, and its answer comes back as it is', async () => {
  const { user, token } = await signUp()
  const made = insert('entries', { title: 'Grüße 👋 "quoted" \\ \u0001', amount: '1234567890.10', tags: ['a', 'ä'], meta: { z: [1, null] } })
  const text = JSON.stringify(pushOf(user, made))
  const { status, answer, headers } = await call(token, { text })
  assert.equal(status, 200)
  assert.deepEqual(answer.groups.map((answers) => answers.map(([outcome]) => outcome)), [['applied']])
  assert.equal(headers.get('thermocline-answer'), 'rpc')
  assert.match(headers.get('access-control-expose-headers'), /Thermocline-Answer/)
  assert.match(headers.get('content-type'), /^application\/json/)
  const [row] = await server.sql('select title, amount::text, tags from public.entries where user_id = $1', [user])
  assert.deepEqual({ ...row }, { title: made.row.title, amount: '1234567890.10', tags: ['a', 'ä'] })
})

test('a body that is sent again takes effect once, whichever way it goes', async () => {
  const { user, token } = await signUp()
  const text = JSON.stringify(pushOf(user, ...Array.from({ length: 50 }, (_, n) => insert('entries', { title: `once ${100 + n}` }))))
  const answers = [await call(token, { text }), await call(token, { text }), await direct(token, text), await call(token, { text })]
  const told = ({ answer }) => answer.groups.flat().map(([outcome, rev]) => [outcome, rev])
  for (const each of answers) assert.deepEqual([each.status, told(each)], [200, told(answers[0])])
  assert.ok(answers[1].answer.groups.flat().every((outcome) => outcome.at(-1) === 'duplicate'))
  assert.equal((await titles(user)).length, 50)

  const other = JSON.stringify(pushOf(user, insert('entries', { title: 'at once' })))
  const ways = await Promise.all([call(token, { text: other }), direct(token, other), call(token, { text: other }), direct(token, other)])
  assert.deepEqual(ways.map(({ status }) => status), [200, 200, 200, 200])
  assert.equal((await titles(user)).filter((title) => title === 'at once').length, 1)
})

test('without a token or the project\'s key it answers 401; the anonymous key, an expired and a forged token get what they get directly', async () => {
  const { user, token } = await signUp()
  const text = JSON.stringify(pushOf(user, insert('entries', { title: 'not allowed' })))
  refused(await call(null, { text, headers: { apikey: server.anonKey } }), [401, 'unauthorized'])
  refused(await call(null, { text, headers: { authorization: `Bearer ${token}` } }), [401, 'unauthorized'])
  refused(await call(null, { text, headers: { ...signed(token), authorization: `Basic ${token}` } }), [401, 'unauthorized'])
  const neither = await fetch(server.url + FUNCTION, { method: 'POST', body: gzipSync(text) })
  assert.equal(neither.status, 401)

  const claims = { sub: user, role: 'authenticated' }
  const expired = jwt({ ...claims, exp: Math.floor(Date.now() / 1000) - 60 }, server.jwtSecret)
  const forged = jwt({ ...claims, exp: Math.floor(Date.now() / 1000) + 600 }, 'a secret of someone else')
  for (const [each, status] of [[server.anonKey], [expired, 401], [forged, 401]]) {
    const [by, straight] = [await call(each, { text }), await direct(each, text)]
    assert.deepEqual([by.status, by.answer], [straight.status, straight.answer])
    assert.ok(by.status >= 400 && (status === undefined || by.status === status), `status ${by.status}`)
    assert.equal(by.headers.get('thermocline-answer'), 'rpc')
  }
  assert.deepEqual(await titles(user), [])
})

test('another user\'s mutations are refused as they are directly, and leave nothing (invariant 11)', async () => {
  const [ann, ben] = [await signUp(), await signUp()]
  const text = JSON.stringify(pushOf(ann.user, insert('entries', { title: 'not mine', user_id: ann.user })))
  const { answer: { groups: [[[outcome, , { error }]]] } } = await call(ben.token, { text })
  assert.deepEqual([outcome, error.code], ['rejected', '42501'])
  assert.deepEqual([await titles(ann.user), await titles(ben.user)], [[], []])
})

test('a body that says it is too large, or is, or would be, answers 413', async () => {
  const { user, token } = await signUp()
  const large = JSON.stringify(pushOf(user, insert('entries', { title: 'x'.repeat(1_400_000) })))
  refused(await call(token, { text: large }), [413, 'too_large'])
  refused(await call(token, { bytes: gzipSync(Buffer.alloc(100 << 20)) }), [413, 'too_large'])
  assert.equal(await declared(token, 50_000_000), 413)
  assert.deepEqual(await titles(user), [])

  const fits = JSON.stringify(pushOf(user, ...Array.from({ length: 100 }, () => insert('entries', { title: 'fits', body: 'y'.repeat(12_000) }))))
  assert.equal((await call(token, { text: fits })).status, 200)
  assert.equal((await titles(user)).length, 100)
})

test('a body that is truncated, plain, empty or no push answers 400, and the next one is taken', async () => {
  const { user, token } = await signUp()
  const text = JSON.stringify(pushOf(user, insert('entries', { title: 'whole' })))
  const bytes = gzipSync(text)
  for (const bad of [bytes.subarray(0, bytes.length / 2), bytes.subarray(0, -1), Buffer.from(text), Buffer.alloc(0)]) {
    refused(await call(token, { bytes: bad }), [400, 'not_gzip'])
  }
  for (const bad of ['', 'null', '[]', '{"v":1}', text.slice(0, -1), '{"v":"1","client":"c","batch":[]}', '{"v":1,"client":"c","batch":{}}']) {
    refused(await call(token, { text: bad }), [400, 'not_a_push'])
  }
  assert.deepEqual(await titles(user), [])
  assert.equal((await call(token, { text })).status, 200)
  assert.deepEqual(await titles(user), ['whole'])
})

test('only POST is taken; browsers may ask first', async () => {
  const { token } = await signUp()
  for (const method of ['GET', 'PUT', 'DELETE']) refused(await call(token, { text: '{}', method }), [405, 'method_not_allowed'])
})

test('what the API answers comes back as it is, Retry-After too; where it cannot be reached, 502', async () => {
  const { user, token } = await signUp()
  const text = JSON.stringify(pushOf(user, insert('entries', { title: 'later' })))
  const busy = { code: 'over_request_rate_limit', message: 'slow down' }
  trouble = (req, res) => {
    if (!req.url.startsWith(DIRECT)) return false
    res.writeHead(429, { 'content-type': 'application/json', 'retry-after': '7' })
    res.end(JSON.stringify(busy))
    return true
  }
  const limited = await call(token, { text })
  assert.deepEqual([limited.status, limited.answer, limited.headers.get('retry-after')], [429, busy, '7'])
  assert.equal(limited.headers.get('thermocline-answer'), 'rpc')

  trouble = (req) => {
    if (req.url.startsWith(DIRECT)) req.socket.destroy()
    return req.url.startsWith(DIRECT)
  }
  refused(await call(token, { text }), [502, 'upstream_unreachable'])
  trouble = () => false
  assert.equal((await call(token, { text })).status, 200)
  assert.deepEqual(await titles(user), ['later'])
})

function jwt(claims, secret) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`
}

/** The status for a body of which only the length is sent. */
function declared(token, length) {
  return new Promise((resolve, reject) => {
    const request = http.request(server.url + FUNCTION, { method: 'POST', headers: { ...signed(token), 'content-length': length } }, (response) => {
      resolve(response.statusCode)
      request.destroy()
    })
    request.on('error', reject)
    request.write(Buffer.alloc(10))
  })
}

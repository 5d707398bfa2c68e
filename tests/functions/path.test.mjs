// The functions of the recipe path as a device meets them: on the dev server, in Deno, over PGlite with pgvector (RECIPES 5.7, 9; 5.10 (10)).

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createClient } from '@supabase/supabase-js'
import WebSocket from 'ws'
import { startServer } from '../../supabase/dev/server.mjs'

let server
before(async () => { server = await startServer({ recipes: ['path'] }) })
after(() => server.close())

let users = 0
async function signUp() {
  const options = { realtime: { transport: WebSocket }, auth: { persistSession: false, autoRefreshToken: false } }
  const supabase = createClient(server.url, server.anonKey, options)
  const { data, error } = await supabase.auth.signUp({ email: `user${++users}@example.org`, password: 'a long enough password' })
  assert.equal(error, null)
  return { supabase, user: data.user.id, token: data.session.access_token }
}

async function call(name, token, body, headers = { apikey: server.anonKey, authorization: `Bearer ${token}` }) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(`${server.url}/functions/v1/${name}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: text })
  const answer = await response.json()
  return { status: response.status, answer, code: answer.error?.code }
}

async function entry({ supabase }, content, entryType = 'Insight') {
  const { data, error } = await supabase.from('sovereign_logs').insert({ category: 'sovereign', content, metadata: { entryId: 'e', entryType } }).select('id').single()
  assert.equal(error, null)
  return data.id
}

async function rpc({ supabase }, name, args) {
  const { data, error } = await supabase.rpc(name, args)
  assert.equal(error, null)
  return data
}

async function found(person, text, match_threshold = 0.7) {
  const { answer } = await call('embed_query', person.token, { text, space: 'path' })
  return (await rpc(person, 'match_embeddings', { query_embedding: JSON.stringify(answer.embedding), match_threshold })).map(({ content }) => content)
}

test('what is left to embed is embedded, found in other words, by its owner only, and goes with its row (5.10 (10))', async () => {
  const [ann, ben] = [await signUp(), await signUp()]
  const id = await entry(ann, 'Deep work morning')
  await entry(ann, 'tax forms')
  await entry(ann, 'an urge', 'Urge/Symptom')
  await entry(ben, 'deep work morning of another')
  const left = await rpc(ann, 'logs_to_embed', { max_rows: 100 })
  assert.equal(left.length, 2)
  for (const log of left) assert.deepEqual((await call('embed_entry', ann.token, { log_id: log.id })).answer, { success: true, state: 'embedded', model: 'local' })
  assert.deepEqual(await rpc(ann, 'logs_to_embed', {}), [])
  assert.deepEqual((await call('embed_entry', ann.token, { log_id: id })).answer.state, 'unchanged')
  assert.deepEqual(await found(ann, 'morning deep focus work'), ['Deep work morning'], 'X-2')
  assert.deepEqual(await found(ben, 'morning deep focus work', -1), [])

  assert.equal((await ann.supabase.from('sovereign_logs').update({ content: 'Deep rest' }).eq('id', id)).error, null)
  assert.deepEqual(await rpc(ann, 'logs_to_embed', {}), [{ id }])
  assert.equal((await call('embed_entry', ann.token, { log_id: id })).answer.state, 'embedded')
  assert.deepEqual([await found(ann, 'deep work morning'), await found(ann, 'rest, deep')], [[], ['Deep rest']])
  assert.equal((await ann.supabase.from('sovereign_logs').delete().eq('id', id)).error, null)
  assert.deepEqual(await found(ann, 'rest, deep'), [])
})

test('feedback is embedded from four stars on, and says so', async () => {
  const ann = await signUp()
  const attunement = await ann.supabase.from('daily_attunements').insert({ date: '2026-03-10', insightful_question: 'What drained you?', synthesized_answer: 'Noise.', based_on: {} }).select('id').single()
  const feedback = async (userRating) => (await ann.supabase.from('sovereign_logs').insert({ category: 'feedback', content: '', metadata: { feedbackId: 'f', attunementId: attunement.data.id, userRating, hasCustomAnswer: false } }).select('id').single()).data.id
  const [low, high] = [await feedback(2), await feedback(5)]
  assert.equal((await call('embed_entry', ann.token, { log_id: low })).answer.state, 'skipped')
  assert.equal((await call('embed_entry', ann.token, { log_id: high })).answer.state, 'embedded')
  const { data } = await ann.supabase.from('sovereign_logs').select('id,metadata').order('id')
  assert.deepEqual(Object.fromEntries(data.map((row) => [row.id, row.metadata.vectorized ?? null])), { [low]: null, [high]: true })
  assert.deepEqual(await found(ann, 'noise drained you: what?'), ['What drained you?\nNoise.'])
})

test('another user\'s row, and one that is not there, answer 404', async () => {
  const [ann, ben] = [await signUp(), await signUp()]
  const id = await entry(ann, 'mine')
  for (const log_id of [id, crypto.randomUUID()]) {
    const { status, code } = await call('embed_entry', ben.token, { log_id })
    assert.deepEqual([status, code], [404, 'not_found'])
  }
  assert.deepEqual(await rpc(ann, 'logs_to_embed', {}), [{ id }])
})

test('fetch_sky answers P-X7 and writes nothing; charts need a provider', async () => {
  const ann = await signUp()
  const { status, answer } = await call('fetch_sky', ann.token, { kind: 'cosmic', date: '2026-03-10' })
  assert.deepEqual([status, answer], [200, { origin: 'local', location: {}, astronomy: { date: '2026-03-10', moon: { age: 21.36, phase: 6, litPercent: 58 } } }])
  const birth_data = { date: '1990-02-28', time: '07:30', latitude: 52.52, longitude: 13.4 }
  assert.deepEqual((await call('fetch_sky', ann.token, { kind: 'natal', birth_data })).answer, { origin: 'local' })
  assert.deepEqual((await ann.supabase.from('cosmic_data_cache').select('*')).data, [])
})

test('limits: 60 skies a day, 60 searches a minute, 500 vectors a minute for the project; what is refused before is not counted', async () => {
  const ann = await signUp()
  const limits = await server.sql(`select function, scope, n, per::text from thermocline.call_limits where function in ('fetch_sky', 'embed_query', 'embed_entry') order by function`)
  assert.deepEqual(limits.map((limit) => ({ ...limit })), [{ function: 'embed_entry', scope: 'project', n: 500, per: '00:01:00' }, { function: 'embed_query', scope: 'user', n: 60, per: '00:01:00' },
    { function: 'fetch_sky', scope: 'user', n: 60, per: '1 day' }])
  await server.sql(`update thermocline.call_limits set n = 2, per = '1 day' where function in ('fetch_sky', 'embed_query')`)
  const bodies = { fetch_sky: { kind: 'cosmic' }, embed_query: { text: 'deep work', space: 'path' } }
  for (const [name, body] of Object.entries(bodies)) {
    assert.equal((await call(name, ann.token, {})).status, 422)
    const answers = []
    for (let n = 0; n < 3; n++) answers.push((await call(name, ann.token, body)).status)
    assert.deepEqual(answers, [200, 200, 429], name)
  }
  await server.sql(`update thermocline.call_limits set n = 60, per = '1 day' where function in ('fetch_sky', 'embed_query')`)
})

test('who may not, and what is not taken, is refused by each function', async () => {
  const { user, token } = await signUp()
  const now = Math.floor(Date.now() / 1000)
  const claims = { sub: user, role: 'authenticated', exp: now + 600 }
  const bodies = { fetch_sky: { kind: 'cosmic' }, embed_query: { text: 'deep work', space: 'path' }, embed_entry: { log_id: crypto.randomUUID() } }
  for (const [name, body] of Object.entries(bodies)) {
    const refusals = [
      [await call(name, null, body, { apikey: server.anonKey }), 401],
      [await call(name, server.anonKey, body), 401],
      [await call(name, jwt({ ...claims, exp: now - 60 }, server.jwtSecret), body), 401],
      [await call(name, jwt(claims, 'a secret of someone else'), body), 401],
      [await call(name, jwt({ ...claims, is_anonymous: true }, server.jwtSecret), body), 403],
      [await call(name, token, { ...body, padding: 'x'.repeat(70_000) }), 413],
      [await call(name, token, '{"half":'), 400],
      [await call(name, token, { none: 1 }), 422],
    ]
    assert.deepEqual(refusals.map(([{ status }]) => status), refusals.map(([, wanted]) => wanted), name)
  }
})

function jwt(claims, secret) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`
}

// The recipe `path`: the sky's cache, and the sync test panel, as a person can check them (RECIPES 5.10, by number; P-X6).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { call, pathProfile, settled } from './harness/path.mjs'
import { newUser, startStack } from './harness/stack.mjs'
import { outboxOf } from './harness/sync.mjs'

const TESTS = ['logs', 'progress', 'achievement', 'path', 'cosmic', 'astrology', 'attunement', 'embedding', 'health']
const HOUR = 3_600_000

let stack
let fetches = 0
before(async () => { stack = await startStack({ recipes: ['path'], intercept: answerSky }) })
after(() => stack.stop())

/** Stands in for a provider behind fetch_sky, and counts. */
function answerSky(req, res) {
  if (!req.url.startsWith('/functions/v1/fetch_sky') || req.method !== 'POST') return false
  fetches++
  req.resume()
  res.writeHead(200, { 'content-type': 'application/json', 'access-control-allow-origin': '*' })
  res.end(JSON.stringify({ moon: { phase: 4 }, fetched: fetches }))
  return true
}

test('the sky is fetched once in six hours, anew afterwards, and offline shown with a stale mark (7; P-X6)', async () => {
  const { person, page } = await pathProfile(stack, newUser())
  const today = new Date().toISOString().slice(0, 10)
  const place = { latitude: 47.4, longitude: 8.5 }
  const first = await call(page, 'refreshCosmicData', today, place)
  assert.deepEqual([first.astronomy.fetched, first.location, first.stale], [1, place, undefined])
  assert.equal((await call(page, 'refreshCosmicData', today, place)).astronomy.fetched, 1)
  assert.equal(fetches, 1)

  const aged = new Date(Date.now() - 6 * HOUR - 1000).toISOString()
  await page.evaluate(([date, at]) => window.supabase.from('cosmic_data_cache').update({ cached_at: at }).eq('date', date), [today, aged])
  assert.equal(await call(page, 'fetchCosmicData', today), null)
  assert.equal((await call(page, 'fetchCosmicData', today, { stale: true })).stale, true)
  await settled(page)
  await person.offline(true)
  const old = await call(page, 'refreshCosmicData', today, place)
  assert.deepEqual([old.astronomy.fetched, old.stale, fetches], [1, true, 1])
  await person.offline(false)
  await settled(page)
  const anew = await call(page, 'refreshCosmicData', today, place)
  assert.deepEqual([anew.astronomy.fetched, anew.stale], [2, undefined])
})

test('the panel has nine tests: they pass and leave nothing behind; offline they are skipped (11)', async () => {
  const { person, page, id } = await pathProfile(stack, newUser())
  const vectors = (await stack.server.sql(`select to_regclass('public.vector_embeddings') is not null as there`))[0].there
  const states = await run(page)
  assert.deepEqual(states, Object.fromEntries(TESTS.map((name) => [name, name === 'embedding' && !vectors ? 'skipped' : 'passed'])))
  await settled(page)
  assert.deepEqual(await outboxOf(page), [])
  for (const table of ['sovereign_logs', 'achievements', 'cosmic_data_cache', 'daily_attunements', 'health_metrics_history']) {
    assert.deepEqual(await stack.server.sql(`select id from public.${table} where user_id = $1`, [id]), [], table)
  }
  await person.offline(true)
  assert.deepEqual(new Set(Object.values(await run(page))), new Set(['skipped']))
})

test('a removed policy turns exactly its test red (11)', async () => {
  const { page } = await pathProfile(stack, newUser())
  await run(page)
  const [{ policyname: name }] = await stack.server.sql(
    `select policyname from pg_policies where tablename = 'health_metrics_history' and cmd = 'INSERT'`)
  await stack.server.sql(`alter policy ${name} on public.health_metrics_history with check (false)`)
  const states = await run(page)
  await stack.server.sql(`alter policy ${name} on public.health_metrics_history with check ((select auth.uid()) = user_id)`)
  const red = Object.entries(states).filter(([, state]) => state === 'failed').map(([which]) => which)
  assert.deepEqual(red, ['health'])
  assert.deepEqual((await outboxOf(page)).filter(({ state }) => state === 'refused'), [], 'the refused probe is gone')
})

/** Runs all nine; the state of each. */
async function run(page) {
  const states = {}
  for (const name of TESTS) {
    const { state, code } = await call(page, 'runSyncTest', name)
    states[name] = state
    if (state === 'failed') console.log(`${name}: ${code}`)
  }
  return states
}

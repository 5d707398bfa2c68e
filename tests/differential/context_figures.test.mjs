// The recipe context's figures, worked out by the device's logic and by the server's SQL over the same random days: equal, digit for digit
// (RECIPES 4.5, C12, C15). Levels come from a coarse grid and names from short lists, so that ties abound.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { initSync, recipe } from '../../pkg/wasm/thermocline.js'
import { connect, testCluster } from '../sql/cluster.mjs'
import { makeRandom } from './random.mjs'
import { SCALE, SEED, TIMEOUT_MS } from './run.mjs'

const DAYS = 300 * SCALE
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const FIRST = Date.UTC(2020, 0, 1)
const OFFSETS = [-840, -600, -150, 0, 60, 330, 765, 840]
const MOODS = ['calm', 'happy', 'zen', 'Ärger'.toLowerCase(), 'ok']
const ACTIVITIES = ['rest', 'deep_work', 'meeting', 'é', 'z']

initSync({ module: readFileSync(new URL('../../pkg/wasm/thermocline_bg.wasm', import.meta.url)) })
const cluster = await testCluster()

const between = (random, least, most) => least + random.below(most - least + 1)

/** A level with two decimals: mostly one of few, now and then any. */
const level = (random) => (random.chance(80) ? between(random, 0, 20) * 50 : between(random, 0, 1000)) / 100

/** The snapshots of one local day, each at an offset of its own now and then. */
function snapshotsOf(random, number) {
  const home = random.pick(OFFSETS)
  const step = random.pick([1, 10, 30 * 60, 600 * 60])
  return Array.from({ length: between(random, 0, random.pick([3, 8, 40])) }, () => {
    const offset = random.chance(90) ? home : random.pick(OFFSETS)
    const local = FIRST + number * DAY + Math.floor(between(random, 0, 86_399) / step) * step * 1000
    return {
      id: random.uuid(), recorded_at: new Date(local - offset * MINUTE).toISOString(), utc_offset_min: offset,
      focus_level: level(random), energy_level: level(random), mood_state: random.pick(MOODS), activity_pattern: random.pick(ACTIVITIES),
    }
  })
}

const insert = (client, user, rows) => client.query(`insert into public.context_snapshots (id, user_id, recorded_at, utc_offset_min, focus_level, energy_level, mood_state, activity_pattern, context_hash)
  select (r ->> 'id')::uuid, $1, (r ->> 'recorded_at')::timestamptz, (r ->> 'utc_offset_min')::smallint, (r ->> 'focus_level')::numeric, (r ->> 'energy_level')::numeric,
    r ->> 'mood_state', r ->> 'activity_pattern', md5(r ->> 'id') from jsonb_array_elements($2::jsonb) r`, [user, JSON.stringify(rows)])
const call = (name, input) => JSON.parse(recipe('context', name, JSON.stringify(input)))

/** A database with a user whose days these are. */
async function lived(t) {
  t.diagnostic(`seed ${SEED}; again: DIFFERENTIAL_SEED=${SEED} node --test tests/differential/context_figures.test.mjs`)
  const client = await connect(await cluster.database(['context']))
  t.after(() => client.end())
  const random = makeRandom(SEED)
  const user = random.uuid()
  await client.query('insert into auth.users (id) values ($1)', [user])
  const rows = Array.from({ length: DAYS }, (_, number) => snapshotsOf(random, number)).flat()
  await insert(client, user, rows)
  return { client, random, user, rows }
}

test('a day\'s row is the device\'s draft', { timeout: TIMEOUT_MS }, async (t) => {
  const { client, user, rows } = await lived(t)
  await client.query('select public.generate_daily_insights()')
  const { rows: server } = await client.query(`select to_char(date, 'YYYY-MM-DD') as date, avg_focus::float as "avgFocus", avg_energy::float as "avgEnergy", peak_hours as "peakHours",
    total_contexts as "totalContexts", patterns from public.daily_insights where user_id = $1 order by date desc`, [user])
  const now = new Date().toISOString()
  const drafts = call('daily', { rows, servers: [], drafts: [], pending: [], now, today: now.slice(0, 10) })
  const past = drafts.map(({ source, final, ...figures }) => figures)
  assert.deepEqual(server.map(({ date }) => date), past.map(({ date }) => date))
  for (const [n, day] of server.entries()) assert.deepEqual(day, past[n], `seed ${SEED}, ${day.date}`)
  t.diagnostic(`${server.length} days of ${rows.length} snapshots agree`)
  assert.ok(server.length > DAYS / 2)
})

test('the figures of the last hours are the device\'s', { timeout: TIMEOUT_MS }, async (t) => {
  const { client, random, user, rows } = await lived(t)
  await client.query(`select set_config('request.jwt.claims', $1, false)`, [JSON.stringify({ sub: user, role: 'authenticated' })])
  await client.query('set role authenticated')
  for (let n = 0; n < DAYS; n++) {
    const hours = between(random, 1, 168)
    const until = FIRST + between(random, 0, DAYS * DAY)
    const now = new Date(until).toISOString()
    const { rows: [{ figures }] } = await client.query('select public.context_insights($1, $2) as figures', [hours, now])
    const device = call('insights', { rows, from: new Date(until - hours * 60 * MINUTE).toISOString(), now, hours })
    assert.deepEqual(figures, device, `seed ${SEED}: ${hours} h until ${now}`)
  }
})

// How long each insight of the recipe `context` takes in Chromium over warm snapshots that were synced from a real PostgreSQL
// (RECIPES 10: recent below 10 ms, seven days below 100 ms, a day below 5 ms, at 10,000 of them; p95).
//
//   ROWS=10000 node benches/recipes.mjs

import { newUser, signIn, startStack } from '../tests/e2e/harness/stack.mjs'
import { startSync } from '../tests/e2e/harness/sync.mjs'
import { until } from '../tests/e2e/harness/until.mjs'

const ROWS = Number(process.env.ROWS ?? 10_000)
const DAYS = 29
const PASSES = 60
const TARGETS = { getRecentInsights: 10, getHistoricalInsights: 100, getDailyInsights: 5, getSeries: Infinity, getAura: Infinity, storeContext: 5 }
const TABLES = [{ name: 'context_snapshots', days: 30, rows: ROWS + PASSES }, 'daily_insights', 'daily_insight_drafts', 'sync_logs']

const stack = await startStack({ recipes: ['context'] })
try {
  const person = await stack.person({ tables: TABLES })
  const page = await person.page()
  const id = await signIn(page, newUser())
  await stack.server.sql(`insert into public.context_snapshots (user_id, recorded_at, focus_level, energy_level, mood_state, activity_pattern, context_hash)
    select $1, now() - (n::float8 / $2) * $3 * interval '1 day', (n * 37 % 1001) / 100.0, (n * 53 % 1001) / 100.0, (array['calm', 'happy', 'tired'])[n % 3 + 1],
      (array['deep_work', 'meeting', 'rest', 'learning'])[n % 4 + 1], md5(n::text) from generate_series(1, $2::int) n`, [id, ROWS, DAYS])
  await startSync(page)
  const held = () => page.evaluate(async () => (await window.openContext()).getContextCount())
  await until('all rows are on the device', async () => (await held()) >= ROWS, 300_000)
  const date = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10)
  const calls = [['getRecentInsights', 24], ['getHistoricalInsights', 7], ['getDailyInsights', date], ['getSeries', 720, 1440], ['getAura'], ['storeContext']]
  console.log(`${ROWS} snapshots over ${DAYS} days, ms, median and p95 of ${PASSES}`)
  for (const [name, ...args] of calls) {
    const times = await page.evaluate(measure, [name, args, PASSES])
    const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))]
    const verdict = TARGETS[name] === Infinity ? '' : at(0.95) < TARGETS[name] ? `below ${TARGETS[name]}` : `NOT below ${TARGETS[name]}`
    console.log(`${name.padEnd(24)}${at(0.5).toFixed(1).padStart(8)}${at(0.95).toFixed(1).padStart(8)}  ${verdict}`)
  }
} finally {
  await stack.stop()
}

/** In the page: sorted times in ms. */
async function measure([name, args, passes]) {
  const recipe = await window.openContext()
  const times = []
  for (let pass = 0; pass < passes; pass++) {
    const given = name === 'storeContext' ? [{ focus: pass / 10, energy: 5, mood: 'calm', activity: 'rest' }] : args
    const begun = performance.now()
    await recipe[name](...given)
    times.push(performance.now() - begun)
  }
  return times.sort((a, b) => a - b)
}

// The clock changes under the engine, a day ahead and a day back, over and over, while rows are written, rounds fail and are tried again: nothing
// waits for a time that lies a day away, later edits win, nothing is lost and nothing done twice (invariants 1 to 4; PITFALLS 13 and 19).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setClock, withClock } from './harness/clock.mjs'
import { keepLedger, pageRows, repeated, serverRows, textsOf } from './harness/rows.mjs'
import { startStack } from './harness/stack.mjs'
import { flushed, outboxOf, statusOf, syncNow } from './harness/sync.mjs'
import { until } from './harness/until.mjs'

const DAY_MS = 86_400_000

let stack
let failing = false
before(async () => {
  stack = await startStack({ intercept: fail })
  await keepLedger(stack.server)
})
after(() => stack.stop())

function fail(req, res) {
  if (!failing || req.method !== 'POST' || !req.url.includes('/rpc/thermocline_')) return false
  res.writeHead(503, { 'access-control-allow-origin': '*', 'content-type': 'application/json' })
  res.end('{"message":"not now"}')
  return true
}

test('what was to be tried again is tried again, though the clock is put back by a day meanwhile', async () => {
  const { page, id } = await withClock(stack, DAY_MS)
  failing = true
  await insert(page, 'made tomorrow')
  await until('a try has failed', async () => (await statusOf(page)).retryAt !== null)
  await setClock(page, 0)
  failing = false
  await until('it was tried again by itself', async () => (await serverRows(stack.server, id)).length === 1, 30_000)
  await settled(page, id, ['made tomorrow'])
})

test('rows that are written and edited while the clock jumps are sent by themselves, each once, the last edit on top', async () => {
  const { page, id } = await withClock(stack)
  const jumps = [DAY_MS, -DAY_MS, 0, DAY_MS, 0, -DAY_MS]
  for (const [n, jump] of jumps.entries()) {
    await setClock(page, jump)
    await insert(page, `row ${n}`)
    await page.evaluate((title) => window.supabase.from('entries').update({ title }).like('title', 'row%').throwOnError().then(() => null), `row of jump ${n}`)
    if (n % 2) await page.evaluate(() => window.tc.sync.now().catch(() => undefined))
  }
  await setClock(page, 0)
  await until('all is sent, unasked', async () => (await statusOf(page)).pending === 0, 30_000)
  await settled(page, id, jumps.map(() => `row of jump ${jumps.length - 1}`))
})

const insert = (page, title) => page.evaluate((given) => window.supabase.from('entries').insert({ title: given }).throwOnError().then(() => null), title)

async function settled(page, id, titles) {
  await flushed(page)
  const stored = await serverRows(stack.server, id)
  assert.deepEqual(stored.map(({ title }) => title), titles)
  assert.deepEqual(await repeated(stack.server), [])
  assert.deepEqual(await outboxOf(page), [])
  await syncNow(page)
  assert.deepEqual(textsOf(await pageRows(page)), textsOf(stored))
}

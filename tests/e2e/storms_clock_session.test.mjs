// Sessions and audits under a clock that is wrong by a day: what a token is worth is told by its age on this device and by the server's
// answers, never by the two clocks together; edits keep their order (invariants 1, 2 and 4; PITFALLS 13 and 19).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setClock, withClock } from './harness/clock.mjs'
import { serverRows } from './harness/rows.mjs'
import { startStack } from './harness/stack.mjs'
import { flushed, statusOf, syncNow } from './harness/sync.mjs'

const DAY_MS = 86_400_000

let stack
let refreshes = 0
before(async () => {
  stack = await startStack({ intercept: (req) => { refreshes += Number(req.method === 'POST' && req.url.includes('grant_type=refresh_token')); return false } })
})
after(() => stack.stop())

for (const [name, ahead] of [['a day ahead', DAY_MS], ['a day behind', -DAY_MS]]) {
  test(`with a clock ${name} rows are sent and audited, and no token is refreshed again and again`, async () => {
    const { page, id } = await withClock(stack, ahead)
    refreshes = 0
    for (const title of ['1', '2', '3', '4', '5', '6']) {
      await page.evaluate((given) => window.supabase.from('entries').insert({ title: given }).throwOnError().then(() => null), title)
      await flushed(page)
      await syncNow(page)
    }
    assert.deepEqual((await serverRows(stack.server, id)).map(({ title }) => title).sort(), ['1', '2', '3', '4', '5', '6'])
    const [audit] = await page.evaluate(() => window.tc.sync.audit())
    assert.deepEqual([audit.differing, audit.repaired], [0, 0])
    assert.ok(refreshes <= 2, `${refreshes} refreshes`)
    assert.equal((await statusOf(page)).error, null)
  })
}

test('of edits on either side of a jump of the clock the later one made here stays, on the server too', async () => {
  const { page, id } = await withClock(stack, DAY_MS)
  const edit = (title) => page.evaluate((given) => window.supabase.from('entries').update({ title: given }).eq('status', 'open').throwOnError().then(() => null), title)
  await page.evaluate(() => window.supabase.from('entries').insert({ title: 'made tomorrow' }).throwOnError().then(() => null))
  await flushed(page)
  await edit('edited tomorrow')
  await flushed(page)
  const [{ _at: tomorrow }] = await stack.server.sql('select _at from public.entries where user_id = $1', [id])
  await setClock(page, 0)
  await edit('edited today, after that')
  await flushed(page)
  await syncNow(page)
  const [{ title, _at: today }] = await stack.server.sql('select title, _at from public.entries where user_id = $1', [id])
  assert.equal(title, 'edited today, after that')
  assert.ok(BigInt(today.title) > BigInt(tomorrow.title), `${today.title} is no later than ${tomorrow.title}`)
})

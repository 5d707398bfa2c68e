// A network that loses answers after the server has committed: nothing twice, nothing lost (invariants
// 2 and 3; PITFALLS 9, 17 and 18).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { loseAnswer } from './harness/network.mjs'
import { keepLedger, pageRows, repeated, serverRows, textsOf } from './harness/rows.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { faultOf, flushed, outboxOf, startSync, syncNow } from './harness/sync.mjs'
import { GIVEN, perform, Writer } from './harness/writes.mjs'

const ROUNDS = 10
const WRITES_A_ROUND = 20
const SEED = process.env.SEED ?? 'cut answers'

let stack
const pushes = { seen: 0, cut: 0 }
before(async () => { stack = await startStack({ intercept: cutEverySecondPush }) })
after(() => stack.stop())

test(`answers of half of the pushes are lost, edits made meanwhile: each write takes effect once (SEED="${SEED}")`, async () => {
  const { server } = stack
  const ann = await stack.person()
  const user = newUser()
  const writer = new Writer(SEED)
  const page = await ann.page()
  const id = await signIn(page, user)
  await startSync(page)
  await keepLedger(server)

  // A round whose answer was cut leaves its batch sealed: the next round's writes change the same rows
  // before it is sent again.
  let failed = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    await perform(page, writer.take(WRITES_A_ROUND))
    const fault = await faultOf(page, 'now')
    if (fault === null) continue
    failed += 1
    assert.equal(fault.code, 'offline')
    const waiting = await outboxOf(page)
    assert.ok(waiting.some(({ state }) => state === 'sent'), 'what was sent waits for its answer')
    assert.ok(waiting.every(({ state }) => state !== 'refused'), 'a lost answer is no refusal')
  }
  await flushedAtLast(page)
  assert.ok(pushes.cut >= 4 && failed >= 4, `of ${pushes.seen} pushes ${pushes.cut} were cut, ${failed} rounds failed`)

  const stored = await serverRows(server, id)
  assert.deepEqual(textsOf(stored, GIVEN), textsOf(writer.rows.values(), GIVEN))
  assert.deepEqual(await repeated(server), [])
  assert.deepEqual(await outboxOf(page), [])
  await syncNow(page)
  assert.deepEqual(textsOf(await pageRows(page)), textsOf(stored))

  const second = await stack.person()
  const other = await second.page()
  await signIn(other, user)
  await startSync(other)
  assert.deepEqual(textsOf(await pageRows(other)), textsOf(stored))
})

test('a row edited between the lost answer and the retry keeps the edit, and is inserted once', async () => {
  const { server } = stack
  const ben = await stack.person()
  const page = await ben.page()
  const id = await signIn(page, newUser())
  await startSync(page)
  pushes.seen = 0 // the next push is cut

  const row = await page.evaluate(async () => {
    const { data } = await window.supabase.from('entries').insert({ title: 'first' }).select().single().throwOnError()
    return data
  })
  assert.equal((await faultOf(page, 'now')).code, 'offline')
  const [committed] = await serverRows(server, id)
  assert.equal(committed.title, 'first', 'the server had done it')

  await page.evaluate((key) => window.supabase.from('entries').update({ title: 'second' }).eq('id', key).throwOnError(), row.id)
  assert.deepEqual((await outboxOf(page)).map(({ operation, state }) => [operation, state]), [['insert', 'sent'], ['update', 'waiting']])
  await flushedAtLast(page)

  const ledger = await server.sql('select op, title from public.ledger where id = $1 order by n', [row.id])
  assert.deepEqual(ledger.map(({ op, title }) => [op, title]), [['INSERT', 'first'], ['UPDATE', 'second']])
  assert.deepEqual((await pageRows(page)).map(({ title }) => title), ['second'])
})

function cutEverySecondPush(req, res) {
  if (req.method !== 'POST' || !req.url.includes('thermocline_push')) return false
  pushes.seen += 1
  if (pushes.seen % 2 === 0) return false
  pushes.cut += 1
  loseAnswer(req, res)
  return false
}

/** Each try may lose an answer, but gets one thing answered in two. */
async function flushedAtLast(page) {
  for (let tries = 0; tries < 10; tries += 1) {
    if ((await faultOf(page, 'flushed')) === null) return
  }
  await flushed(page)
}

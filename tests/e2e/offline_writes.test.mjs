// Writes made offline outlive the browser and reach PostgreSQL exactly once (invariants 1, 2 and 4;
// PITFALLS 13, 17 and 18).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { keepLedger, pageRows, repeated, serverRows, textsOf } from './harness/rows.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { flushed, outboxOf, startSync, syncNow } from './harness/sync.mjs'
import { GIVEN, perform, Writer } from './harness/writes.mjs'

const WRITES = 200
const SEED = process.env.SEED ?? 'offline writes'

let stack
before(async () => { stack = await startStack() })
after(() => stack.stop())

test(`200 mixed writes made offline survive a killed browser, then reach PostgreSQL once (SEED="${SEED}")`, async () => {
  const { server } = stack
  const ann = await stack.person({ worker: true })
  const user = newUser()
  const writer = new Writer(SEED)
  const id = await begin(ann, user)
  await keepLedger(server)

  await ann.offline(true)
  const page = ann.context.pages().at(-1)
  await perform(page, writer.take(WRITES))
  const during = await writeUntilKilled(ann, page)

  // Still offline: the worker serves the shell, the log has every acknowledged write.
  const reopened = await ann.page()
  const shown = await pageRows(reopened)
  const expected = new Map(writer.rows)
  for (const row of shown.filter((row) => during.tried.has(row.id))) expected.set(row.id, during.tried.get(row.id))
  for (const row of during.acknowledged) assert.ok(expected.has(row), `an acknowledged write is gone: ${row}`)
  assert.deepEqual(textsOf(shown, GIVEN), textsOf(expected.values(), GIVEN))
  assert.deepEqual(await serverRows(server, id), [], 'nothing left this browser')

  await ann.offline(false)
  await flushed(reopened)
  const stored = await serverRows(server, id)
  assert.deepEqual(textsOf(stored, GIVEN), textsOf(expected.values(), GIVEN))
  assert.deepEqual(await repeated(server), [])
  assert.deepEqual(await outboxOf(reopened), [])
  await syncNow(reopened)
  assert.deepEqual(textsOf(await pageRows(reopened)), textsOf(stored))

  const second = await stack.person()
  const other = await second.page()
  await signIn(other, user)
  await startSync(other)
  assert.deepEqual(textsOf(await pageRows(other)), textsOf(stored))
})

/** Signs up and syncs once, so that the empty table is held. */
async function begin(person, user) {
  const page = await person.page()
  const id = await signIn(page, user)
  await startSync(page)
  return id
}

/** Goes on inserting, and kills the browser in the midst of it. */
async function writeUntilKilled(person, page) {
  const tried = new Map(new Writer(`${SEED}, until killed`).take(400).filter(({ verb }) => verb === 'insert').map(({ rows: [row] }) => [row.id, row]))
  const acknowledged = []
  let enough
  const some = new Promise((resolve) => { enough = resolve })
  await page.exposeFunction('acknowledged', (id) => { if (acknowledged.push(id) === 20) enough() })
  const killed = page.evaluate(async (rows) => {
    for (const row of rows) {
      await window.supabase.from('entries').insert(row).throwOnError()
      window.acknowledged(row.id)
    }
  }, [...tried.values()]).catch(() => 'killed')
  await some
  await person.kill()
  assert.equal(await killed, 'killed', 'the browser died in the midst of its writes')
  return { tried, acknowledged: [...acknowledged] }
}

// Background Sync: with every tab closed, the service worker empties the outbox (DESIGN 7; invariant 2).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { keepLedger, pageRows, repeated, serverRows, textsOf } from './harness/rows.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { outboxOf, startSync } from './harness/sync.mjs'
import { until } from './harness/until.mjs'
import { workerOf } from './harness/workers.mjs'
import { GIVEN, perform, Writer } from './harness/writes.mjs'

let stack
/** The tab's pushes are refused: what arrives was sent by the worker. */
let tabIsHeld = false
before(async () => { stack = await startStack({ intercept: refuseWhileHeld }) })
after(() => stack.stop())

test('the service worker empties the outbox after the last tab was closed', async () => {
  const { server } = stack
  const ann = await stack.person({ worker: true })
  const page = await ann.page()
  const id = await signIn(page, newUser())
  await startSync(page)
  await keepLedger(server)
  const writer = new Writer('background sync')

  tabIsHeld = true
  await perform(page, writer.take(60))
  assert.notDeepEqual(await outboxOf(page), [])
  assert.deepEqual(await serverRows(server, id), [])
  const elsewhere = await ann.context.newPage()
  for (const tab of ann.context.pages()) if (tab !== elsewhere) await tab.close()
  tabIsHeld = false

  await (await workerOf(elsewhere, server.url)).sync()
  const written = textsOf(writer.rows.values(), GIVEN).join('\n')
  await until('the worker has sent everything', async () => textsOf(await serverRows(server, id), GIVEN).join('\n') === written)
  assert.deepEqual(await repeated(server), [])

  // The answers are in the log: the next tab has nothing to send.
  const again = await until('the outbox is empty in a new tab', async () => {
    const tab = await ann.page()
    if ((await outboxOf(tab)).length === 0) return tab
    await tab.close()
    return null
  })
  assert.deepEqual(textsOf(await pageRows(again), GIVEN), textsOf(writer.rows.values(), GIVEN))
  assert.deepEqual(await repeated(server), [])
})

function refuseWhileHeld(req, res) {
  if (!tabIsHeld || !req.url.includes('/rpc/thermocline_')) return false
  res.writeHead(503, { 'access-control-allow-origin': '*' })
  res.end()
  return true
}

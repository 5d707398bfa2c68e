// Transactions of the app (tc.transaction): several writes together or not at all, offline, and on the server afterwards (invariant 1).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pageRows, serverRows } from './harness/rows.mjs'
import { startStack } from './harness/stack.mjs'
import { flushed, outboxOf, signedIn } from './harness/sync.mjs'

let stack
before(async () => { stack = await startStack() })
after(() => stack.stop())

const ids = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222']

/** What `tc.transaction` resolves with, or the fault it rejects with. */
const transact = (page, requests) => page.evaluate((given) =>
  window.tc.transaction(given.map((request) => ({ ...request, body: request.body && JSON.stringify(request.body) }))).then(
    (answers) => ({ statuses: answers.map(({ status }) => status) }),
    ({ code, message, cause }) => ({ code, message, status: cause?.status }),
  ), requests)

test('writes made together offline are there together, survive a reload and reach the server', async () => {
  const { person, page, id } = await signedIn(stack, { worker: true })
  await person.offline(true)
  const made = await transact(page, [
    { method: 'POST', path: 'entries', body: { id: ids[0], title: 'a plan' } },
    { method: 'POST', path: 'entries?select=id', headers: { prefer: 'return=representation' }, body: { id: ids[1], title: 'its first step' } },
  ])
  assert.deepEqual(made, { statuses: [201, 201] })
  const changed = await transact(page, [
    { method: 'PATCH', path: `entries?id=eq.${ids[0]}`, body: { status: 'done' } },
    { method: 'DELETE', path: `entries?id=eq.${ids[1]}` },
  ])
  assert.deepEqual(changed, { statuses: [204, 204] })
  const reopened = await person.page()
  await page.close()
  assert.deepEqual((await pageRows(reopened)).map(({ title, status }) => `${title}: ${status}`), ['a plan: done'])
  await person.offline(false)
  await flushed(reopened)
  assert.deepEqual((await serverRows(stack.server, id)).map(({ title, status }) => `${title}: ${status}`), ['a plan: done'])
})

test('one that is refused leaves nothing behind and says which it was and why', async () => {
  const { person, page } = await signedIn(stack)
  await person.offline(true)
  const fine = { method: 'POST', path: 'entries', body: { id: ids[0], title: 'fine' } }
  const faults = [
    [{ method: 'POST', path: 'entries', body: { id: ids[1], title: 'x', colour: 'red' } }, 'invalid_request', /request 1 \(POST entries\).*PGRST204.*nothing was written/],
    [{ method: 'POST', path: 'entries', body: { id: ids[0], title: 'again' } }, 'invalid_request', /same row of "entries".*21000/],
    [{ method: 'GET', path: 'entries' }, 'unsupported_offline', /cannot do: a read/],
    [{ method: 'POST', path: 'nowhere', body: {} }, 'unknown_table', /"nowhere" is not among the tables/],
  ]
  for (const [request, code, message] of faults) {
    const fault = await transact(page, [fine, request])
    assert.equal(fault.code, code)
    assert.match(fault.message, message)
  }
  assert.deepEqual([await pageRows(page), await outboxOf(page)], [[], []])
})

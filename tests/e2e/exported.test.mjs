// Everything local as a file, taken to another device of the same user: what waited is sent once, whoever sends it (invariant 2).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { keepLedger, pageRows, repeated, serverRows } from './harness/rows.mjs'
import { leaveChecksToServer, newUser, signIn, startStack } from './harness/stack.mjs'
import { flushed, outboxOf, signedIn, startSync, syncNow } from './harness/sync.mjs'

let stack
before(async () => {
  stack = await startStack()
  await leaveChecksToServer(stack.server)
})
after(() => stack.stop())

test('an export is taken up on another device: its changes are sent once, from there or from here', async () => {
  const user = newUser()
  const here = await stack.person()
  const page = await here.page()
  const id = await signIn(page, user)
  await startSync(page)
  await insert(page, Array.from({ length: 1_500 }, (_, n) => ({ title: `row ${n}` })))
  await flushed(page)
  await syncNow(page)
  await keepLedger(stack.server)
  await here.offline(true)
  await insert(page, [{ title: 'made offline' }, { title: 'refused', mood: 9 }])
  await page.evaluate(() => window.supabase.from('entries').update({ title: 'changed offline' }).eq('title', 'row 7'))
  const shown = await pageRows(page)
  const file = await page.evaluate(async () => (await window.tc.export()).text())
  assert.ok(file.split('\n').every((line) => line === '' || JSON.parse(line)), 'a person can read it')

  const there = await stack.person()
  const other = await there.page()
  await signIn(other, user)
  await there.offline(true)
  const taken = await other.evaluate((text) => window.tc.import(new Blob([text])), file)
  assert.equal(taken.mutations, 3)
  assert.deepEqual(titles(await pageRows(other)), titles(shown), 'offline it shows what the other did')
  await there.offline(false)
  await startSync(other)
  await flushed(other)
  await syncNow(other)
  const wanted = [...Array.from({ length: 1_500 }, (_, n) => `row ${n}`).filter((title) => title !== 'row 7'), 'changed offline', 'made offline']
  assert.deepEqual(titles(await serverRows(stack.server, id)), wanted.sort())
  assert.deepEqual((await outboxOf(other)).map(({ state, changes }) => [state, changes.title]), [['refused', 'refused']])

  // Here it was not known: the server repeats its answers.
  await here.offline(false)
  await flushed(page)
  await syncNow(page)
  assert.deepEqual(titles(await serverRows(stack.server, id)), wanted)
  assert.deepEqual(await repeated(stack.server), [])
  assert.deepEqual(titles(await pageRows(page)), titles(await pageRows(other)))
})

test('the export of another user, or no export at all, is refused and changes nothing', async () => {
  const [{ page: one }, { page: two }] = [await signedIn(stack), await signedIn(stack)]
  await insert(one, [{ title: 'hers' }])
  const file = await one.evaluate(async () => (await window.tc.export()).text())
  for (const [given, message] of [[file, /user .* made this export, here it is user/], ['{"a":1}', /not that of an export/], ['', /the file is empty/]]) {
    const fault = await two.evaluate((text) => window.tc.import(text).then(() => null, ({ code, message }) => ({ code, message })), given)
    assert.equal(fault.code, 'invalid_request')
    assert.match(fault.message, message)
  }
  assert.deepEqual([await pageRows(two), await outboxOf(two)], [[], []])
})

const titles = (rows) => rows.map(({ title }) => title).sort()

async function insert(page, rows) {
  const { error } = await page.evaluate((given) => window.supabase.from('entries').insert(given), rows)
  assert.equal(error, null)
}

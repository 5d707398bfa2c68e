// What the server did not take, mended by a person: retried, edited, discarded; a conflict settled for mine, theirs or a
// row of one's own (DESIGN 6; invariants 2 and 10; PITFALLS 13).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pageRows, serverRows } from './harness/rows.mjs'
import { leaveChecksToServer, startStack } from './harness/stack.mjs'
import { flushed, outboxOf, signedIn, statusOf, syncNow } from './harness/sync.mjs'
import { until } from './harness/until.mjs'

let stack
before(async () => {
  stack = await startStack()
  await leaveChecksToServer(stack.server)
})
after(() => stack.stop())

test('a refused change is edited and tried again, with what was edited on its row since', async () => {
  const { page, id } = await signedIn(stack)
  await page.evaluate(() => window.tc.on('attention', (now) => { (window.needs ??= []).push(now.flatMap(({ entries }) => entries.map(({ error }) => error.code))) }))
  const [row] = await write(page, 'insert', { title: 'x'.repeat(501), mood: 1 })
  await flushed(page)
  await until('the app is told', () => page.evaluate(() => window.needs?.length === 1))
  assert.deepEqual(await page.evaluate(() => window.needs), [['23514']])
  await write(page, 'update', { mood: 4 }, row.id)
  const [letter, behind] = await outboxOf(page)
  assert.deepEqual([letter.state, behind.state, behind.behind, letter.behind], ['refused', 'waiting', letter.id, null])

  const wrong = await faultOf(page, 'retry', letter.id, { mood: 'four' })
  assert.equal(wrong.code, 'invalid_request')
  assert.match(wrong.message, /entries: invalid input syntax for type smallint: "four" \(22P02\)/)
  const fresh = await outbox(page, 'retry', letter.id, { title: 'short enough' })
  assert.notEqual(fresh, letter.id)
  await flushed(page)
  assert.deepEqual((await serverRows(stack.server, id)).map(({ title, mood }) => [title, mood]), [['short enough', 4]])
  assert.deepEqual([await outboxOf(page), (await statusOf(page)).refused], [[], 0])
  const again = await faultOf(page, 'retry', letter.id)
  assert.match(again.message, /no mutation .* is pending/)
})

test('a refused change that is discarded leaves the row as the server has it', async () => {
  const { page, id } = await signedIn(stack)
  const [kept] = await write(page, 'insert', { title: 'kept' })
  await flushed(page)
  await write(page, 'update', { mood: 9 }, kept.id)
  await write(page, 'insert', { title: 'y'.repeat(501) })
  await flushed(page)
  const letters = await outboxOf(page)
  assert.deepEqual(letters.map(({ before, error }) => [before, error.code]), [[{ mood: null }, '23514'], [{}, '23514']])
  for (const { id: letter } of letters) await outbox(page, 'discard', letter)
  assert.deepEqual((await pageRows(page)).map(({ title, mood }) => [title, mood]), [['kept', null]])
  await syncNow(page)
  assert.equal((await serverRows(stack.server, id)).length, 1)
  assert.deepEqual(await outboxOf(page), [])
})

const CHOICES = [
  ['mine', 'mine', ['mine', 2]],
  ['theirs', 'theirs', ['theirs', 2]],
  ['a row of one\'s own', { title: 'both', mood: 3 }, ['both', 3]],
]
test('a conflict is settled for mine, theirs or a given row', async () => {
  const { server } = stack
  const { person, page, id } = await signedIn(stack)
  await server.sql(`update thermocline.tables set policy = 'ask' where name = 'entries'`)
  for (const [what, choice, [title, mood]] of CHOICES) {
    const [row] = await write(page, 'insert', { title: 'old', mood: 1 })
    await flushed(page)
    await syncNow(page)
    await person.offline(true)
    await write(page, 'update', { title: 'mine' }, row.id)
    await server.sql(`update public.entries set title = 'theirs', mood = 2 where id = $1`, [row.id])
    await person.offline(false)
    await flushed(page)
    const [conflict, ...others] = await outboxOf(page)
    assert.deepEqual([conflict.state, conflict.before, conflict.changes, conflict.theirs.title, others],
      ['conflict', { title: 'old' }, { title: 'mine' }, 'theirs', []], what)
    assert.equal((await statusOf(page)).conflicts, 1)
    await outbox(page, 'resolve', conflict.id, choice)
    await flushed(page)
    await syncNow(page)
    assert.deepEqual([await outboxOf(page), (await statusOf(page)).conflicts], [[], 0], what)
    const settled = (rows) => rows.filter((found) => found.id === row.id).map((found) => [found.title, found.mood])
    assert.deepEqual(settled(await serverRows(server, id)), [[title, mood]], what)
    assert.deepEqual(settled(await pageRows(page)), [[title, mood]], what)
  }
})

/** Inserts a row, or updates the one with an id; the rows that came of it. */
async function write(page, verb, values, id) {
  const { data, error } = await page.evaluate(([verb, values, id]) => {
    const written = window.supabase.from('entries')[verb](values)
    return (id ? written.eq('id', id) : written).select()
  }, [verb, values, id])
  assert.equal(error, null)
  return data
}

const outbox = (page, call, ...given) => page.evaluate(([call, given]) => window.tc.outbox[call](...given), [call, given])

/** What the call rejects with. */
const faultOf = (page, call, ...given) => page.evaluate(([call, given]) =>
  window.tc.outbox[call](...given).then(() => null, ({ code, message }) => ({ code, message })), [call, given])

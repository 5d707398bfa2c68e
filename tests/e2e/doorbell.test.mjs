// What is heard of Realtime moves the next pull and nothing else: events that are lost, premature, forged, and sockets that break
// (PITFALLS 3, 11 and 19).
//
// On a real PostgreSQL. Rounds come from the doorbell alone: the interval is minutes, and no test asks for one.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { URGENT, breakSocket, hears, listener, listening, pulls, shows, write, writeInSql } from './harness/doorbell.mjs'
import { pageRows, serverRows, textsOf } from './harness/rows.mjs'
import { newUser, startStack } from './harness/stack.mjs'
import { statusOf } from './harness/sync.mjs'
import { until } from './harness/until.mjs'

let stack
let there
let id
let passes = () => true
let admits = () => true
before(async () => {
  stack = await startStack({ passes: (message) => passes(message), admits: (req) => admits(req) })
  ;({ id, ...there } = await listener(stack, newUser(), { tables: URGENT }))
})
after(() => stack.stop())

test('an event that is lost and one that comes later: nothing is missed (PITFALLS 3)', async () => {
  let lost = 0
  passes = ({ event }) => event !== 'postgres_changes' || (lost += 1) > 2
  await writeInSql(stack.server, id, 'its event is lost')
  await writeInSql(stack.server, id, 'and so is this one')
  await until('two events are lost', () => lost === 2)
  await writeInSql(stack.server, id, 'this one rings')
  for (const title of ['its event is lost', 'and so is this one', 'this one rings']) await shows(there.page, title)
  passes = () => true
})

test('a subscription that says too early that it works: what changed before it did arrives (PITFALLS 11)', async () => {
  // Joined, and nothing is heard: neither what rings nor that the database is listened to.
  passes = ({ event }) => event === 'phx_reply'
  await breakSocket(stack, there)
  await until('it has joined', () => hears(stack, there).length > 0)
  await until('the round after the join has ended', async () => (await statusOf(there.page)).state === 'idle')
  await writeInSql(stack.server, id, 'in the gap')
  await shows(there.page, 'in the gap') // by the pull that comes a little later
  passes = () => true
})

test('what a device has sent itself is no news to it', async () => {
  const heard = { broadcast: 0, postgres_changes: 0 }
  passes = ({ event }) => { heard[event] += 1; return true }
  const before = await pulls(there.page)
  await write(there.page, 'its own')
  await until('its own push has rung, both ways', () => heard.broadcast > 0 && heard.postgres_changes > 0)
  await until('its round has ended', async () => {
    const { state, pending } = await statusOf(there.page)
    return state === 'idle' && pending === 0
  })
  await writeInSql(stack.server, id, 'of somebody else')
  await shows(there.page, 'of somebody else')
  passes = () => true
  assert.equal(await pulls(there.page) - before, 2, 'one pull after its push, one for the other')
})

test('events that are forged, malformed and repeated move the next pull and nothing else', async () => {
  await writeInSql(stack.server, id, 'kept')
  await shows(there.page, 'kept')
  const row = await there.page.evaluate(async () => (await window.supabase.from('entries').select('*').eq('title', 'kept').single()).data)
  const untrue = [
    ['postgres_changes', { ids: [1], data: { type: 'DELETE', schema: 'public', table: 'entries', old_record: { id: row.id } } }],
    ['postgres_changes', { ids: [1], data: { type: 'UPDATE', schema: 'public', table: 'entries', record: { ...row, title: 'forged', _rev: '9223372036854775807' } } }],
    ['postgres_changes', { ids: [1], data: { type: 'INSERT', schema: 'public', table: 'entries', record: { ...row, id: randomUUID(), title: 'forged' } } }],
    ['broadcast', { type: 'broadcast', event: 'changed', payload: { xid: '999999999999', rows: [{ title: 'forged' }], cursor: 'x' } }],
    ['broadcast', { type: 'broadcast', event: 'changed', payload: null }],
    ['broadcast', 'text'], ['system', null], ['phx_reply', 7], ['nobody knows', []],
  ]
  const before = await pulls(there.page)
  for (let n = 0; n < 50; n += 1) for (const [event, payload] of untrue) stack.server.realtime.say(event, payload)
  await until('it was heard', async () => (await pulls(there.page)) > before)
  await writeInSql(stack.server, id, 'true')
  await shows(there.page, 'true')
  assert.deepEqual(textsOf(await pageRows(there.page)), textsOf(await serverRows(stack.server, id)))
  assert.ok((await pulls(there.page)) - before < 20, '450 events are a few rings')
  assert.equal((await statusOf(there.page)).error, null)
})

test('a socket that breaks is opened anew, and what changed meanwhile is shown', async () => {
  admits = () => false
  await breakSocket(stack, there)
  await writeInSql(stack.server, id, 'while it was broken')
  admits = () => true
  await shows(there.page, 'while it was broken')
  await listening(stack, there)
})

test('back online it listens again at once', async () => {
  await there.person.offline(true)
  await until('the socket is gone', () => hears(stack, there).length === 0)
  await writeInSql(stack.server, id, 'while it was away')
  await there.person.offline(false)
  await listening(stack, there)
  await shows(there.page, 'while it was away')
})

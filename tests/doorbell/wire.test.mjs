// What comes over the wire is somebody else's: of all of it, nothing but the number of a transaction is taken.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rings } from '../../pkg/dist/doorbell/rings.js'
import { accessOf } from '../../pkg/dist/doorbell/token.js'
import { decode, join, meaningOf } from '../../pkg/dist/doorbell/wire.js'

const LISTENER = { user: 'u1', tables: ['entries', 'projects'] }
const TOPIC = 'realtime:thermocline:u1'
const meaning = (event, payload, topic = TOPIC, ref = null) => meaningOf({ ref, topic, event, payload }, LISTENER, true)

test('a join names the channel, the tables and the token', () => {
  const [joinRef, ref, topic, event, { config, access_token }] = JSON.parse(join(LISTENER, true, 'token'))
  assert.deepEqual([joinRef, ref, topic, event, access_token], ['1', '1', TOPIC, 'phx_join', 'token'])
  assert.equal(config.private, true)
  assert.deepEqual(config.postgres_changes.map(({ schema, table, event: what }) => `${schema}.${table} ${what}`), ['public.entries *', 'public.projects *'])
})

test('a broadcast rings with its transaction, a row with the one in its revision', () => {
  assert.deepEqual(meaning('broadcast', { event: 'changed', payload: { xid: '5065' } }), { means: 'rang', xid: '5065' })
  const rev = (5065n << 22n) + 17n
  for (const sent of [String(rev), Number(rev)]) {
    assert.deepEqual(meaning('postgres_changes', { ids: [1], data: { record: { _rev: sent } } }), { means: 'rang', xid: '5065' })
  }
  const large = (987_654_321_012n << 22n) + 4_000_000n
  assert.ok(large > 2n ** 53n)
  assert.deepEqual(meaning('postgres_changes', { data: { record: JSON.parse(`{"_rev":${large}}`) } }), { means: 'rang', xid: '987654321012' })
  assert.deepEqual(meaning('postgres_changes', { data: { type: 'DELETE', old_record: { id: 1 } } }), { means: 'rang', xid: undefined })
})

test('a payload of any shape is at most a ring that names no transaction', () => {
  const odd = [null, undefined, 1, 'x', [], {}, { data: 1 }, { data: { record: null } }, { data: { record: { _rev: {} } } }, { data: { record: { _rev: 1.5 } } },
    { event: 'changed' }, { event: 'changed', payload: 'x' }, { event: 'changed', payload: { xid: 5 } }, { event: 'changed', payload: { xid: "1'; drop" } },
    { status: 'ok', response: null }, { response: { reason: {} } }]
  for (const payload of odd) {
    for (const event of ['broadcast', 'postgres_changes', 'system', 'phx_reply', 'presence_state', '__proto__']) {
      const { means, xid } = meaning(event, payload)
      assert.ok(['alive', 'rang'].includes(means), `${event} ${JSON.stringify(payload)}: ${means}`)
      assert.equal(xid, undefined)
    }
  }
})

test('what is said on another topic is not for us', () => {
  for (const topic of ['realtime:thermocline:u2', 'realtime:thermocline:u1:rows', 'phoenix', '']) {
    assert.deepEqual(meaning('broadcast', { event: 'changed', payload: { xid: '1' } }, topic), { means: 'alive' })
    assert.deepEqual(meaning('phx_reply', { status: 'ok' }, topic, '1'), { means: 'alive' })
  }
})

test('text and bytes are read; what is neither is no message', () => {
  assert.deepEqual(decode('[null,"2","phoenix","phx_reply",{"status":"ok"}]'), { ref: '2', topic: 'phoenix', event: 'phx_reply', payload: { status: 'ok' } })
  const parts = [TOPIC, 'changed', '{"id":"x"}', '{"xid":"7"}'].map((part) => new TextEncoder().encode(part))
  const bytes = Uint8Array.from([4, ...parts.slice(0, 3).map(({ length }) => length), 1, ...parts.flatMap((part) => [...part])])
  const message = decode(bytes.buffer)
  assert.deepEqual(meaningOf(message, LISTENER, true), { means: 'rang', xid: '7' })
  for (let length = 0; length < bytes.length; length += 1) {
    const cut = decode(bytes.slice(0, length).buffer)
    if (cut) assert.notEqual(meaningOf(cut, LISTENER, true).xid, '7')
  }
  for (const data of ['', '{}', 'null', '[]', '[1,2,3]', '[1', 5, null, new Blob([]), new ArrayBuffer(0)]) assert.equal(decode(data), null)
})

test('a burst of rings is two: the first at once, the rest after a pause; one transaction rings once', () => {
  const rings = new Rings()
  assert.deepEqual(rings.hear('1', 1000), ['1'])
  for (let n = 0; n < 500; n += 1) assert.deepEqual(rings.hear('1', 1000 + n), [], 'the rows of the push that rang')
  assert.equal(rings.due, null)
  assert.deepEqual(rings.hear('2', 1010), [])
  assert.deepEqual(rings.hear('3', 1020), [])
  assert.equal(rings.due, 1200)
  assert.deepEqual(rings.passOn(1199), [])
  assert.deepEqual(rings.passOn(1200), ['2', '3'])
  assert.deepEqual([rings.due, rings.passOn(1500)], [null, []])
  assert.deepEqual(rings.hear(undefined, 1600), [undefined])
  for (let n = 0; n < 100; n += 1) rings.hear(String(100 + n), 1610)
  assert.deepEqual(rings.passOn(1800), [undefined], 'too many to name')
  assert.deepEqual(rings.hear('5', 10), ['5'], 'a clock that was set back holds nothing up')
})

test('only a token that names its user and its end is one', () => {
  const token = (claims) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`
  assert.deepEqual(accessOf(token({ sub: 'ü1', exp: 5 }))?.ends, 5000)
  assert.equal(accessOf(token({ sub: 'u1', exp: 5 }))?.user, 'u1')
  for (const bad of ['', 'sb_publishable_dev', 'a.b.c', token({ role: 'anon', exp: 5 }), token({ sub: 'u1' }), token(null)]) assert.equal(accessOf(bad), null)
})

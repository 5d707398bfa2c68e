// The doorbell's machine: every phase meets every event. What it must hold: a token of that user's before any socket, one
// socket at a time, a ring after each join and again a little later, back-off, and no effect of what is heard but a ring
// (PITFALLS 3, 11).

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AGAIN_MS, ANSWER_MS, ASK_MS, BEAT_MS, dueAt, JOIN_MS, LONGEST_WAIT_MS, OPEN_MS, OUT, step, WAKE_MS,
} from '../../pkg/dist/doorbell/machine.js'
import { heartbeat, join, renewal } from '../../pkg/dist/doorbell/wire.js'

const LISTENER = { user: 'u1', tables: ['entries'] }
const OTHER = { user: 'u2', tables: ['entries'] }
const TOPIC = 'realtime:thermocline:u1'
const START = 1_000_000
const HOUR = 3_600_000
const access = (token, user = 'u1', ends = START + HOUR) => ({ token, user, ends })
const heard = (event, payload, more = {}) => ({ kind: 'heard', message: { ref: null, topic: TOPIC, event, payload, ...more } })
const reply = (status, response = {}) => heard('phx_reply', { status, response }, { ref: '1' })

const EVENTS = {
  wanted: { kind: 'wanted', listener: LISTENER },
  another: { kind: 'wanted', listener: OTHER },
  nobody: { kind: 'wanted', listener: null },
  woke: { kind: 'woke' },
  token: { kind: 'token', access: access('t2') },
  anonymous: { kind: 'token', access: null },
  foreign: { kind: 'token', access: access('t9', 'u2') },
  opened: { kind: 'opened' },
  closed: { kind: 'closed' },
  joined: reply('ok'),
  refused: reply('error', { reason: 'Unauthorized: You do not have permissions' }),
  shut: heard('phx_close', {}),
  subscribed: heard('system', { status: 'ok', extension: 'postgres_changes' }),
  rang: heard('broadcast', { event: 'changed', payload: { xid: '77' } }),
  noise: heard('broadcast', { event: 'something else' }),
  due: { kind: 'due' },
}

/** Plays events, each at its moment; the state they lead to. */
function play(events, dice = 0.5) {
  let state = OUT
  for (const [event, now] of events) [state] = step(state, event, { now, dice })
  return state
}

const upTo = (...names) => play(names.map((name) => [name === 'first' ? { kind: 'token', access: access('t1') } : EVENTS[name], START]))
const PHASES = {
  out: OUT,
  waiting: upTo('wanted', 'anonymous'),
  asking: upTo('wanted'),
  opening: upTo('wanted', 'first'),
  joining: upTo('wanted', 'first', 'opened'),
  joined: upTo('wanted', 'first', 'opened', 'joined'),
}
const BEAT = `send ${heartbeat()}`
const RENEW = `send ${renewal(LISTENER, true, 't2')}`
const JOIN = `send ${join(LISTENER, true, 't1')}`
const stays = (effects = []) => ['same', effects]

/** Of every phase at its due time: where each event leads, and to what effects. */
const TABLE = {
  out: {
    wanted: ['asking', ['ask']], another: ['asking', ['ask']], nobody: stays(), woke: stays(), token: stays(), anonymous: stays(), foreign: stays(),
    opened: stays(), closed: stays(), joined: stays(), refused: stays(), shut: stays(), subscribed: stays(), rang: stays(), noise: stays(), due: stays(),
  },
  waiting: {
    wanted: stays(), another: ['asking', ['ask']], nobody: ['out', []], woke: ['asking', ['ask']], token: stays(), anonymous: stays(), foreign: stays(),
    opened: stays(), closed: stays(), joined: stays(), refused: stays(), shut: stays(), subscribed: stays(), rang: stays(), noise: stays(), due: ['asking', ['ask']],
  },
  asking: {
    wanted: stays(), another: ['asking', ['ask']], nobody: ['out', []], woke: stays(), token: ['opening', ['open']], anonymous: ['waiting', []], foreign: ['waiting', []],
    opened: stays(), closed: stays(), joined: stays(), refused: stays(), shut: stays(), subscribed: stays(), rang: stays(), noise: stays(), due: ['waiting', []],
  },
  opening: {
    wanted: stays(), another: ['asking', ['close', 'ask']], nobody: ['out', ['close']], woke: stays(), token: stays(), anonymous: stays(), foreign: stays(),
    opened: ['joining', [JOIN]], closed: ['waiting', ['close']], joined: stays(), refused: stays(), shut: stays(), subscribed: stays(), rang: stays(), noise: stays(),
    due: ['waiting', ['close']],
  },
  joining: {
    wanted: stays(), another: ['asking', ['close', 'ask']], nobody: ['out', ['close']], woke: stays(), token: stays(), anonymous: stays(), foreign: stays(),
    opened: stays(), closed: ['waiting', ['close']], joined: ['joined', ['ring']], refused: ['waiting', ['close']], shut: ['waiting', ['close']],
    subscribed: stays(), rang: stays(), noise: stays(), due: ['waiting', ['close']],
  },
  joined: {
    wanted: stays(), another: ['asking', ['close', 'ask']], nobody: ['out', ['close']], woke: ['joined', [BEAT, 'ask']], token: ['joined', [RENEW]],
    anonymous: stays(), foreign: stays(), opened: stays(), closed: ['waiting', ['close']], joined: stays(), refused: stays(), shut: ['waiting', ['close']],
    subscribed: stays(['ring']), rang: stays(['ring 77']), noise: stays(), due: ['joined', ['ring']],
  },
}

const told = (effects) => effects.map(({ kind, text, xid }) => (text ? `${kind} ${text}` : xid ? `${kind} ${xid}` : kind))

for (const [phase, row] of Object.entries(TABLE)) {
  test(`${phase}: every event leads where the table says`, () => {
    assert.deepEqual(Object.keys(row).sort(), Object.keys(EVENTS).sort(), 'no event is left out')
    const state = PHASES[phase]
    assert.equal(state.phase, phase)
    for (const [name, [to, effects]] of Object.entries(row)) {
      const [next, did] = step(state, EVENTS[name], { now: dueAt(state) ?? START, dice: 0.5 })
      assert.deepEqual([name, next.phase, told(did)], [name, to === 'same' ? phase : to, effects])
      if (to === 'same') assert.deepEqual(next, state, `${name} leaves ${phase} as it is`)
    }
  })
}

test('each wait for somebody else has an end', () => {
  const limits = { asking: ASK_MS, opening: OPEN_MS, joining: JOIN_MS }
  for (const [phase, ms] of Object.entries(limits)) assert.equal(dueAt(PHASES[phase]), START + ms)
  assert.equal(dueAt(OUT), null)
})

test('the line is beaten on, and lost when no answer comes', () => {
  let state = PHASES.joined
  ;[state] = step(state, EVENTS.due, { now: START + AGAIN_MS, dice: 0.5 })
  assert.equal(dueAt(state), START + BEAT_MS)
  const [beaten, effects] = step(state, EVENTS.due, { now: START + BEAT_MS, dice: 0.5 })
  assert.deepEqual(told(effects), [BEAT, 'ask'])
  assert.equal(dueAt(beaten), START + BEAT_MS + ANSWER_MS)
  const [alive] = step(beaten, { kind: 'heard', message: { ref: '2', topic: 'phoenix', event: 'phx_reply', payload: { status: 'ok' } } }, { now: START + BEAT_MS + 50, dice: 0.5 })
  assert.equal(dueAt(alive), START + 2 * BEAT_MS)
  const [lost, then] = step(beaten, EVENTS.due, { now: START + BEAT_MS + ANSWER_MS, dice: 0.5 })
  assert.deepEqual([lost.phase, told(then)], ['waiting', ['close']])
})

test('a clock that is set back does not silence the heartbeat', () => {
  const [beaten, effects] = step(PHASES.joined, EVENTS.due, { now: START - HOUR, dice: 0.5 })
  assert.deepEqual(told(effects), [BEAT, 'ask'])
  assert.equal(dueAt(beaten), START - HOUR + ANSWER_MS)
})

test('after a sleep the line has less time to answer', () => {
  const [woken] = step(PHASES.joined, EVENTS.woke, { now: START + HOUR, dice: 0.5 })
  assert.equal(woken.answerBy, START + HOUR + WAKE_MS)
  const [late] = step(PHASES.joined, EVENTS.due, { now: START + HOUR, dice: 0.5 })
  assert.equal(late.answerBy, START + HOUR + WAKE_MS)
})

test('waiting doubles up to minutes, is spread, and begins anew once a channel has lasted', () => {
  const waits = (dice) => {
    let state = upTo('wanted')
    return Array.from({ length: 12 }, () => {
      ;[state] = step(state, EVENTS.anonymous, { now: START, dice })
      const wait = dueAt(state) - START
      ;[state] = step(state, EVENTS.due, { now: START, dice })
      return wait
    })
  }
  assert.deepEqual(waits(0.5), [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, ...Array(3).fill(LONGEST_WAIT_MS)])
  assert.deepEqual(waits(0).slice(0, 3), [500, 1000, 2000])
  const tired = { ...PHASES.joined, failures: 7 }
  const [shortLived] = step(tired, EVENTS.closed, { now: START + 100, dice: 0.5 })
  assert.equal(dueAt(shortLived), START + 100 + 128_000, 'a server that lets in and throws out is not hammered')
  const [lasting] = step(tired, EVENTS.due, { now: START + AGAIN_MS, dice: 0.5 })
  const [lost] = step(lasting, EVENTS.closed, { now: START + AGAIN_MS, dice: 0.5 })
  assert.equal(dueAt(lost), START + AGAIN_MS + 1000)
})

test('a token that ends soon is asked about before, one that ended long ago by this clock is not asked about without pause', () => {
  const beatOf = (ends) => {
    const states = play([[EVENTS.wanted, START], [{ kind: 'token', access: access('t1', 'u1', ends) }, START], [EVENTS.opened, START], [EVENTS.joined, START]])
    return states.beatAt - START
  }
  assert.equal(beatOf(START + HOUR), BEAT_MS)
  assert.equal(beatOf(START + 24_000), 18_000)
  assert.equal(beatOf(START + 8_000), 6_000)
  assert.equal(beatOf(START + 500), 2_000)
  assert.equal(beatOf(START - HOUR), BEAT_MS)
})

test('where the policy for the own channel is missing, changes of rows still ring, and the own channel is tried again later', () => {
  const refused = step(PHASES.joining, EVENTS.refused, { now: START, dice: 0.5 })[0]
  assert.equal(refused.guarded, false)
  const again = [[EVENTS.due, START], [{ kind: 'token', access: access('t1') }, START], [EVENTS.opened, START]]
  let state = refused
  let effects
  for (const [event, now] of again) [state, effects] = step(state, event, { now, dice: 0.5 })
  assert.deepEqual(told(effects), [`send ${join(LISTENER, false, 't1')}`])
  const [other] = step(state, heard('phx_reply', { status: 'error', response: { reason: 'PrivateOnly' } }, { ref: '1', topic: `${TOPIC}:rows` }), { now: START, dice: 0.5 })
  assert.equal(other.guarded, true)
  const [joined] = step(state, heard('phx_reply', { status: 'ok', response: {} }, { ref: '1', topic: `${TOPIC}:rows` }), { now: START, dice: 0.5 })
  assert.equal(joined.phase, 'joined')
  assert.equal(step(joined, EVENTS.closed, { now: START, dice: 0.5 })[0].guarded, true)
  const [busy] = step(PHASES.joining, heard('phx_reply', { status: 'error', response: { reason: 'TooManyJoins' } }, { ref: '1' }), { now: START, dice: 0.5 })
  assert.equal(busy.guarded, true, 'another reason says nothing of the channel')
})

test('the same listener with other tables joins anew', () => {
  const [next, effects] = step(PHASES.joined, { kind: 'wanted', listener: { user: 'u1', tables: ['entries', 'projects'] } }, { now: START, dice: 0.5 })
  assert.deepEqual([next.phase, told(effects)], ['asking', ['close', 'ask']])
})

test('a repeated or older token is not sent again', () => {
  assert.deepEqual(step(PHASES.joined, { kind: 'token', access: access('t1') }, { now: START, dice: 0.5 }), [PHASES.joined, []])
})

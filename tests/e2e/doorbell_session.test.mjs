// The doorbell and the session: a channel lives on over the ends of its tokens, and comes back after a session that could not be refreshed
// in time. No socket ever joins with the publishable key (PITFALLS 20).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { hears, listener, listening, shows, writeInSql } from './harness/doorbell.mjs'
import { startStack } from './harness/stack.mjs'
import { until } from './harness/until.mjs'

const TOKEN_LIFE_S = 8
const REFRESH = '/auth/v1/token?grant_type=refresh_token'

let stack
let there
let id
let refreshes = true
before(async () => {
  const intercept = (req, res) => {
    if (refreshes || !req.url.startsWith(REFRESH)) return false
    res.writeHead(503, { 'access-control-allow-origin': '*' }).end()
    return true
  }
  stack = await startStack({ jwtExpiry: TOKEN_LIFE_S, intercept })
  ;({ id, ...there } = await listener(stack))
})
after(() => stack.stop())

const channel = () => hears(stack, there)[0]?.channels[0]

test('a channel outlives its tokens', async () => {
  const [{ channels: [first] }] = await listening(stack, there)
  const ended = first.claims.exp
  await until('the server has a token that ends later by a whole life', () => channel()?.claims.exp >= ended + TOKEN_LIFE_S)
  assert.equal(channel().joined, first.joined, 'it was not joined anew')
  await writeInSql(stack.server, id, 'after the first token')
  await shows(there.page, 'after the first token')
})

test('a session that cannot be refreshed loses its channel, and has it again when it can', async () => {
  refreshes = false
  await until('the channel has ended with its token', () => channel() === undefined)
  await writeInSql(stack.server, id, 'while it was deaf')
  assert.equal(channel(), undefined)
  refreshes = true
  await listening(stack, there)
  assert.equal(channel().claims.sub, id)
  await shows(there.page, 'while it was deaf')
})

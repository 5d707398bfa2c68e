// However the Edge Function apply_deltas fails, the same batch arrives once all the same (invariant 2; PITFALLS 17).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startWatching, write } from './harness/gzip.mjs'
import { loseAnswer } from './harness/network.mjs'
import { flushed } from './harness/sync.mjs'

const CORS = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'thermocline-answer' }
/** Ways in which a function fails, from the outside. */
const BROKEN = {
  'is not deployed': (req, res) => answer(res, 404, CORS, '{"code":"NOT_FOUND","message":"Requested function was not found"}'),
  'is not deployed, and says so without CORS': (req, res) => answer(res, 404, {}, '{}'),
  'fails': (req, res) => answer(res, 500, CORS, 'Internal Server Error'),
  'is behind a gateway that refuses the token': (req, res) => answer(res, 401, CORS, '{"code":401,"message":"Invalid JWT"}'),
  'is another function': (req, res) => answer(res, 200, CORS, '{"status":"ok","xid":null,"groups":[]}'),
  'closes the connection': (req) => req.socket.destroy(),
  'works, and its answer is lost': (req, res) => loseAnswer(req, res) || 'go on',
}

let gzip
before(async () => { gzip = await startWatching() })
after(() => gzip.stack.stop())

function answer(res, status, headers, body) {
  res.writeHead(status, { 'content-type': 'application/json', ...headers })
  res.end(body)
}

for (const [how, act] of Object.entries(BROKEN)) {
  test(`where the function ${how}, the batch goes straight at once, and those that follow`, async () => {
    const { page, id } = await gzip.someone({ gzip: 'always' })
    gzip.broken = act
    await write(page, 40)
    await flushed(page) // rejects if the round had failed
    const tries = gzip.seen.byFunction.length // Chromium itself repeats what got no answer
    assert.ok(tries >= 1)
    await write(page, 40)
    await flushed(page)
    assert.equal(gzip.seen.byFunction.length, tries, 'it is left alone')
    gzip.broken = undefined
    await gzip.arrivedOnce(page, id, 80)
  })
}

test('where the rpc\'s own answer breaks off on its way, the batch is repeated, and counted once', async () => {
  const { page, id } = await gzip.someone({ gzip: 'always' })
  gzip.broken = (req, res) => {
    const { socket } = req
    const head = Object.entries({ ...CORS, 'thermocline-answer': 'rpc', 'content-length': 1_000 }).map(([name, value]) => `${name}: ${value}\r\n`)
    Object.assign(res, { writeHead: () => res, write: () => true, end: () => socket.end(`HTTP/1.1 200 OK\r\n${head.join('')}\r\n{`) })
    return 'go on'
  }
  await write(page, 40)
  const fault = await page.evaluate(() => window.tc.sync.flushed().then(() => null, ({ code }) => code))
  assert.equal(fault, 'offline')
  gzip.broken = undefined
  await flushed(page)
  assert.equal(gzip.seen.byFunction.length, 2, 'a lost answer does not speak against the function')
  await gzip.arrivedOnce(page, id, 40)
})

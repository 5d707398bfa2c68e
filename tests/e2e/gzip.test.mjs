// Pushes by way of the Edge Function apply_deltas, as gzip: where it is deployed and pays; and however it fails, the same batch
// arrives once all the same (invariant 2; PITFALLS 17).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { loseAnswer } from './harness/network.mjs'
import { keepLedger, pageRows, repeated, serverRows, textsOf } from './harness/rows.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { flushed, startSync, syncNow } from './harness/sync.mjs'

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

let stack
let broken
let slow = 0
let last
const seen = { byFunction: [], straight: [], inflated: [] }
before(async () => {
  stack = await startStack({ intercept: watch })
  await keepLedger(stack.server)
})
after(() => stack.stop())

/** Notes the bytes of each push, by the way it came; then stands in the way, if a test wants it. */
async function watch(req, res) {
  if (req.method !== 'POST') return false
  const bytes = Number(req.headers['content-length'])
  if (req.url.startsWith('/functions/v1/apply_deltas')) {
    seen.byFunction.push(bytes)
    return broken !== undefined && broken(req, res) !== 'go on'
  }
  if (!req.url.endsWith('thermocline_push')) return false
  seen[req.headers['user-agent'].startsWith('Deno') ? 'inflated' : 'straight'].push(bytes)
  await new Promise((resolve) => setTimeout(resolve, slow))
  return false
}

function answer(res, status, headers, body) {
  res.writeHead(status, { 'content-type': 'application/json', ...headers })
  res.end(body)
}

test('on a slow connection large batches go as gzip, small ones straight; each row is written once', async () => {
  const { person, page, id } = await someone()
  await person.context.addInitScript(() => {
    const told = Object.assign(new EventTarget(), { saveData: false, effectiveType: '3g' })
    Object.defineProperty(navigator, 'connection', { value: told })
  })
  const dear = await person.page()
  await page.close()
  await write(dear, 500)
  await flushed(dear)
  const [sent, inflated] = [seen.byFunction, seen.inflated].map(sum)
  assert.ok(seen.byFunction.length >= 2, `${seen.byFunction.length} batches went as gzip`)
  assert.ok(seen.straight.every((bytes) => bytes < 32_000), 'no large batch went straight')
  assert.ok(inflated > 4 * sent, `${inflated} bytes were sent as ${sent}`)
  console.log(`gzip: ${inflated} bytes as ${sent}: ${(inflated / sent).toFixed(1)} times fewer`)

  const before = seen.byFunction.length
  await write(dear, 3)
  await flushed(dear)
  assert.equal(seen.byFunction.length, before, 'three rows go straight')
  await arrivedOnce(dear, id, 503)
})

test('on a quick connection everything goes straight, until a push has shown that it is slow', async () => {
  const { page, id } = await someone()
  await write(page, 300)
  await flushed(page)
  assert.equal(seen.byFunction.length, 0)

  slow = 3_000
  await write(page, 200)
  await flushed(page)
  slow = 0
  assert.equal(seen.byFunction.length, 0)
  await write(page, 200)
  await flushed(page)
  assert.ok(seen.byFunction.length > 0, 'the next large batch takes the function')
  await arrivedOnce(page, id, 700)
})

test('an app that never wants it never has it', async () => {
  const { page } = await someone({ gzip: 'never' })
  slow = 1_500
  for (const count of [100, 200]) {
    await write(page, count)
    await flushed(page)
  }
  slow = 0
  assert.equal(seen.byFunction.length, 0)
})

for (const [how, act] of Object.entries(BROKEN)) {
  test(`where the function ${how}, the batch goes straight at once, and those that follow`, async () => {
    const { page, id } = await someone({ gzip: 'always' })
    broken = act
    await write(page, 40)
    await flushed(page) // rejects if the round had failed
    const tries = seen.byFunction.length // Chromium itself repeats what got no answer
    assert.ok(tries >= 1)
    await write(page, 40)
    await flushed(page)
    assert.equal(seen.byFunction.length, tries, 'it is left alone')
    broken = undefined
    await arrivedOnce(page, id, 80)
  })
}

test('where the rpc\'s own answer breaks off on its way, the batch is repeated, and counted once', async () => {
  const { page, id } = await someone({ gzip: 'always' })
  broken = (req, res) => {
    const { socket } = req
    const head = Object.entries({ ...CORS, 'thermocline-answer': 'rpc', 'content-length': 1_000 }).map(([name, value]) => `${name}: ${value}\r\n`)
    Object.assign(res, { writeHead: () => res, write: () => true, end: () => socket.end(`HTTP/1.1 200 OK\r\n${head.join('')}\r\n{`) })
    return 'go on'
  }
  await write(page, 40)
  const fault = await page.evaluate(() => window.tc.sync.flushed().then(() => null, ({ code }) => code))
  assert.equal(fault, 'offline')
  broken = undefined
  await flushed(page)
  assert.equal(seen.byFunction.length, 2, 'a lost answer does not speak against the function')
  await arrivedOnce(page, id, 40)
})

/** Somebody new with a page that has synced once; nothing of former tests is counted. */
async function someone(changes) {
  await last?.leave()
  const person = await stack.person(changes)
  last = person
  const page = await person.page()
  const id = await signIn(page, newUser())
  await startSync(page)
  for (const list of Object.values(seen)) list.length = 0
  return { person, page, id }
}

const sum = (numbers) => numbers.reduce((all, number) => all + number, 0)

function write(page, count) {
  return page.evaluate((many) => {
    const text = (n) => `on day ${n} it rained from ${n % 7} to ${n % 11}, and then the sun came out over the hills`
    const rows = Array.from({ length: many }, (_, n) => ({ title: `entry ${n}`, body: text(n), mood: 1 + (n % 5), tags: ['weather', 'diary'] }))
    return window.supabase.from('entries').insert(rows).throwOnError().then(() => null)
  }, count)
}

async function arrivedOnce(page, id, count) {
  const stored = await serverRows(stack.server, id)
  assert.equal(stored.length, count)
  assert.deepEqual(await repeated(stack.server), [])
  await syncNow(page)
  assert.deepEqual(textsOf(await pageRows(page)), textsOf(stored))
}

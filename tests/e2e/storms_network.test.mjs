// A network that comes and goes every few hundred milliseconds, and refuses, delays and loses in between, while two tabs write: each write
// takes effect once, and all contexts show the server's rows in the end (invariants 1, 2, 4 and 7; PITFALLS 17, 19 and 28).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { loseAnswer } from './harness/network.mjs'
import { keepLedger, pageRows, repeated, serverRows, textsOf } from './harness/rows.mjs'
import { startStack } from './harness/stack.mjs'
import { flushed, outboxOf, signedIn, syncNow } from './harness/sync.mjs'
import { until } from './harness/until.mjs'

const WRITES_A_TAB = 80
const CORS = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Retry-After', 'content-type': 'application/json' }
/** What happens to the calls of the sync protocol, one after the other; more good than bad would hide the bad. */
const WEATHER = ['503', 'cut', 'fine', '429', 'gone', 'fine', 'cut', '500', 'fine']

let stack
let storm = false
const met = { fine: 0, cut: 0, gone: 0, 429: 0, 500: 0, 503: 0 }
before(async () => { stack = await startStack({ intercept: weather }) })
after(() => stack.stop())

let calls = 0
function weather(req, res) {
  if (!storm || req.method !== 'POST' || !/thermocline_(push|pull|audit)/.test(req.url)) return false
  const what = WEATHER[calls++ % WEATHER.length]
  met[what] += 1
  if (what === 'gone') return Boolean(req.socket.destroy())
  if (what === 'cut') loseAnswer(req, res)
  if (what === 'cut' || what === 'fine') return false
  res.writeHead(Number(what), { ...CORS, ...(what === '429' && { 'retry-after': '1' }) })
  res.end('{"message":"not now"}')
  return true
}

test('two tabs write through a flapping network: nothing is lost, nothing done twice, and both show what the server has', async () => {
  const { server } = stack
  const { person, page: first, id } = await signedIn(stack)
  await keepLedger(server)
  const second = await person.page()

  storm = true
  const tabs = { first, second }
  let writing = true
  const written = Promise.all(Object.entries(tabs).map(([name, page]) => insertAndEdit(page, name))).finally(() => { writing = false })
  let flaps = 0
  while (writing || met.cut < 3 || met.gone < 1 || met['429'] < 1) {
    assert.ok(flaps < 60, `after ${flaps} flaps: ${JSON.stringify(met)}`)
    await person.offline(true)
    await pause(150)
    await person.offline(false)
    // Somebody looks at a page as soon as it is online: rounds begin, and the network is gone again in their midst.
    const page = flaps % 2 ? first : second
    page.evaluate(() => void window.tc.sync.now().catch(() => undefined)).catch(() => undefined)
    await pause(300 + 100 * (flaps % 4))
    flaps += 1
  }
  await written
  storm = false

  const titles = Object.keys(tabs).flatMap((tab) => Array.from({ length: WRITES_A_TAB }, (_, n) => `${tab} ${n}${n % 2 ? ', edited' : ''}`)).sort()
  for (const page of [first, second]) await until('what is left is sent', () => flushed(page).then(() => true, () => false))
  const stored = await serverRows(server, id)
  assert.deepEqual(stored.map(({ title }) => title).sort(), titles)
  assert.deepEqual(await repeated(server), [])
  for (const page of [first, second]) {
    assert.deepEqual(await outboxOf(page), [])
    await syncNow(page)
    assert.deepEqual(textsOf(await pageRows(page)), textsOf(stored))
  }
})

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Rows one after the other, every second one edited a little later. */
function insertAndEdit(page, tab) {
  return page.evaluate(async ([name, count]) => {
    const entries = () => window.supabase.from('entries')
    for (let n = 0; n < count; n += 1) {
      const { data } = await entries().insert({ title: `${name} ${n}` }).select('id').single().throwOnError()
      if (n % 2) await entries().update({ title: `${name} ${n}, edited` }).eq('id', data.id).throwOnError()
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
  }, [tab, WRITES_A_TAB])
}

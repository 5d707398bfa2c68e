// Rounds of the service worker: within their time, one project's apart from another's, on metered connections too (DESIGN 7).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { serverRows } from './harness/rows.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { outboxOf, startSync, statusOf } from './harness/sync.mjs'
import { until } from './harness/until.mjs'
import { workerOf } from './harness/workers.mjs'

const TITLE = 'written here'
let stack
/** What becomes of a push or pull: `refuse`, `hang`, or a function that looks at its body. */
let fate = () => undefined
before(async () => { stack = await startStack({ intercept: meet }) })
after(() => stack.stop())

async function meet(req, res) {
  if (req.method !== 'POST' || !req.url.includes('/rpc/thermocline_')) return false
  const met = fate(req)
  if (met === 'refuse') res.writeHead(503, { 'access-control-allow-origin': '*' }).end()
  return met !== undefined
}

/** Somebody with a change that waits, in a browser with no tab of the app open. */
async function waiting(settings = {}) {
  fate = () => 'refuse'
  const person = await stack.person({ worker: true, ...settings })
  const page = await person.page()
  const user = await signIn(page, newUser())
  fate = () => undefined
  await startSync(page)
  fate = () => 'refuse'
  await page.evaluate((title) => window.supabase.from('entries').insert({ title }).throwOnError(), TITLE)
  return { person, page, user }
}

async function leave(person) {
  const elsewhere = await person.context.newPage()
  for (const tab of person.context.pages()) if (tab !== elsewhere) await tab.close()
  return elsewhere
}

const arrived = (user) => until('it has arrived', async () => (await serverRows(stack.server, user)).some(({ title }) => title === TITLE))
const roundsOf = async (person) => (await Promise.all(person.context.serviceWorkers().map((sw) => sw.evaluate(() => self.rounds)))).flat()
/** A round has ended so. The browser makes some by itself: the page has asked for them. */
const ended = (person, end) => until(`a round has ended: ${end}`, async () => (await roundsOf(person)).includes(end))

test('a periodic sync is a round; one that fails rejects, so that the browser tries again', async () => {
  const { person, user } = await waiting()
  const worker = await workerOf(await leave(person), stack.server.url)
  await worker.sync()
  await ended(person, 'sync server_error')
  assert.deepEqual(await serverRows(stack.server, user), [])
  fate = () => undefined
  await worker.periodicSync()
  await ended(person, 'periodicsync done')
  await arrived(user)
})

test('a round that hangs is stopped in its time, and keeps no other project from its round', async () => {
  const { person, page, user } = await waiting({ name: 'first' })
  // A second project of the same origin, by another of the server's names.
  const url = stack.server.url.replace('127.0.0.1', 'localhost')
  const other = await person.page({ name: 'second', url })
  const another = await signIn(other, newUser())
  fate = ({ headers }) => (headers.host.startsWith('localhost') ? undefined : 'refuse')
  await startSync(other)
  fate = () => 'refuse'
  await other.evaluate((title) => window.supabase.from('entries').insert({ title }).throwOnError(), TITLE)
  await page.close()
  const elsewhere = await leave(person)

  fate = ({ headers }) => (headers.host.startsWith('localhost') ? undefined : 'hang')
  const worker = await workerOf(elsewhere, stack.server.url)
  await worker.sync()
  await arrived(another)
  assert.deepEqual(await serverRows(stack.server, user), [])
  await ended(person, 'sync timeout')
  fate = () => undefined
  await worker.sync()
  await ended(person, 'sync done')
  await arrived(user)
})

test('an engine is used by the events that follow, and let go of when none does', async () => {
  const { person, user } = await waiting()
  const worker = await workerOf(await leave(person), stack.server.url)
  fate = () => undefined
  await worker.sync()
  await arrived(user)
  await ended(person, 'sync done')
  const [sw] = person.context.serviceWorkers()
  const atWork = () => sw.evaluate(async () => (await navigator.locks.query()).held.filter(({ name }) => name.includes('/engine/')).length)
  const openings = () => sw.evaluate(() => self.opened)
  const before = await openings()
  await worker.periodicSync()
  await ended(person, 'periodicsync done')
  assert.deepEqual([await atWork(), await openings()], [1, before])
  await until('it is let go of', async () => await atWork() === 0)
  await worker.sync()
  await until('it is opened anew', async () => await openings() === before + 1)
})

const TABLES = ['entries', { name: 'thermocline_choices', priority: 'low' }]
/** What a browser on a mobile network says of it. */
const ON_MOBILE = () => {
  const connection = Object.assign(new EventTarget(), { type: 'cellular', saveData: false })
  Object.defineProperty(navigator, 'connection', { value: connection, configurable: true })
}

test('a page on a metered connection pulls what is of high priority; the rest when it is free again, or asked for', async () => {
  fate = () => undefined
  const person = await stack.person({ tables: TABLES })
  const first = await person.page()
  await signIn(first, newUser())
  await person.context.addInitScript(ON_MOBILE)
  const page = await person.page()
  await page.evaluate(() => window.tc.sync.start())
  await until('entries are held', async () => (await statusOf(page)).held.includes('entries'))
  await until('the round is over', async () => (await statusOf(page)).state === 'idle')
  assert.deepEqual((await statusOf(page)).held, ['entries'])
  await page.evaluate(() => {
    navigator.connection.type = 'wifi'
    navigator.connection.dispatchEvent(new Event('change'))
  })
  await until('all is held', async () => (await statusOf(page)).held.length === 2)
})

test('a worker on a metered connection sends everything and pulls what is of high priority', async () => {
  const { person, user } = await waiting({ tables: TABLES })
  const worker = await workerOf(await leave(person), stack.server.url)
  const [sw] = person.context.serviceWorkers()
  await sw.evaluate(ON_MOBILE)
  await sw.evaluate(() => {
    self.pulled = new Set()
    const { fetch } = self
    self.fetch = async (request) => {
      const names = request.url.endsWith('_pull') ? Object.keys(JSON.parse(await request.clone().text()).tables) : []
      for (const name of names) self.pulled.add(name)
      return fetch(request)
    }
  })
  fate = () => undefined
  await worker.periodicSync()
  await ended(person, 'periodicsync done')
  await arrived(user)
  assert.deepEqual(await sw.evaluate(() => [...self.pulled]), ['entries'])
  const tab = await person.page()
  assert.deepEqual(await outboxOf(tab), [])
})

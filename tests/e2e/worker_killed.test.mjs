// The browser ends its service worker wherever it is: in a round, in an answer. Nothing is lost and nothing happens twice
// (invariants 1, 2); the next event goes on.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { keepLedger, pageRows, repeated, serverRows } from './harness/rows.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { outboxOf, startSync } from './harness/sync.mjs'
import { until } from './harness/until.mjs'
import { workerOf } from './harness/workers.mjs'

const stacks = {}
/** The tab's pushes are refused: what arrives was sent by the worker. */
let tabIsHeld = false
before(async () => {
  stacks.tab = await startStack({ intercept: refuseWhileHeld })
  stacks.plain = await startStack({ app: 'app-plain' })
  for (const { server } of Object.values(stacks)) await keepLedger(server)
})
after(() => Promise.all(Object.values(stacks).map((stack) => stack.stop())))

function refuseWhileHeld(req, res) {
  if (!tabIsHeld || !req.url.includes('/rpc/thermocline_')) return false
  res.writeHead(503)
  res.end()
  return true
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

test('a worker that is ended at many points of its rounds sends every change once', async () => {
  const { server, person } = stacks.tab
  const ann = await person({ worker: true })
  const page = await ann.page()
  const user = await signIn(page, newUser())
  await startSync(page)
  tabIsHeld = true
  // About six batches of a MiB, so that there is a round to be ended in.
  const ids = Array.from({ length: 60 }, () => randomUUID())
  await page.evaluate(async (ids) => {
    const rows = ids.map((id) => ({ id, title: id, body: 'x'.repeat(95_000) }))
    for (let n = 0; n < rows.length; n += 10) await window.supabase.from('entries').insert(rows.slice(n, n + 10)).throwOnError()
  }, ids)
  const elsewhere = await ann.context.newPage()
  for (const tab of ann.context.pages()) if (tab !== elsewhere) await tab.close()
  tabIsHeld = false

  const worker = await workerOf(elsewhere, server.url)
  const sent = async () => (await serverRows(server, user)).length
  let endedUnderWay = 0
  for (let ms = 20; await sent() < ids.length && ms < 3_000; ms = Math.ceil(ms * 1.25)) {
    await worker.sync()
    await sleep(ms) // where in its round it is ended
    await worker.stop()
    if (await sent() < ids.length) endedUnderWay += 1
  }
  assert.ok(endedUnderWay >= 3, `ended ${endedUnderWay} times with changes left to send`)
  await worker.sync()
  await until('all is sent', async () => await sent() === ids.length)
  assert.deepEqual((await serverRows(server, user)).map(({ id }) => id).sort(), [...ids].sort())
  assert.deepEqual(await repeated(server), [])
  const tab = await ann.page()
  await until('the outbox is empty', async () => (await outboxOf(tab)).length === 0)
  assert.deepEqual(await repeated(server), [])
})

test('a worker that is ended while it answers loses no write that it has acknowledged, and sends none twice', async () => {
  const { server, person } = stacks.plain
  const ann = await person({ worker: true, sync: true })
  const page = await ann.page()
  const user = await signIn(page, newUser())
  const worker = await workerOf(page, server.url)
  let over = false
  const writing = page.evaluate(async () => {
    const [acknowledged, unknown] = [[], []]
    for (let n = 0; n < 150; n++) {
      const id = crypto.randomUUID()
      const { error } = await window.supabase.from('entries').insert({ id, title: id })
      ;(error ? unknown : acknowledged).push(id)
    }
    return { acknowledged, unknown }
  }).finally(() => { over = true })
  let ended = 0
  for (let ms = 5; !over; ms = (ms * 7) % 397) {
    await sleep(ms)
    if (!worker.isRunning()) continue
    await worker.stop()
    ended += 1
  }
  const { acknowledged, unknown } = await writing
  assert.ok(ended >= 5, `ended ${ended} times`)
  const shown = (await pageRows(page)).map(({ id }) => id)
  assert.deepEqual(acknowledged.filter((id) => !shown.includes(id)), [])
  assert.deepEqual(shown.filter((id) => !acknowledged.includes(id) && !unknown.includes(id)), [])
  await worker.sync()
  await until('all is sent', async () => (await serverRows(server, user)).length === shown.length)
  assert.deepEqual((await serverRows(server, user)).map(({ id }) => id).sort(), shown.sort())
  assert.deepEqual(await repeated(server), [])
})

test('inserts without ids are made once though the browser hands them to a new worker; alike ones that are both meant are both kept', async () => {
  const { server, person } = stacks.plain
  const ann = await person({ worker: true, sync: true })
  const page = await ann.page()
  const user = await signIn(page, newUser())
  const worker = await workerOf(page, server.url)
  let over = false
  const writing = page.evaluate(async () => {
    const insert = async (title, told) => {
      const { error } = await window.supabase.from('entries').insert({ title })
      told[title] ??= { acknowledged: 0, unknown: 0 }
      told[title][error ? 'unknown' : 'acknowledged'] += 1
    }
    const told = {}
    for (let n = 0; n < 60; n++) {
      await insert(`of its own ${n}`, told)
      await insert('alike, one after the other', told)
      await Promise.all([1, 2, 3].map(() => insert(`alike, at a time ${n % 7}`, told)))
    }
    return told
  }).finally(() => { over = true })
  let ended = 0
  for (let ms = 5; !over; ms = (ms * 7) % 397) {
    await sleep(ms)
    if (!worker.isRunning()) continue
    await worker.stop()
    ended += 1
  }
  const told = await writing
  assert.ok(ended >= 5, `ended ${ended} times`)
  const shown = (await pageRows(page)).map(({ title }) => title)
  const wrong = Object.entries(told).map(([title, { acknowledged, unknown }]) => ({ title, acknowledged, unknown, found: shown.filter((each) => each === title).length }))
    .filter(({ acknowledged, unknown, found }) => found < acknowledged || found > acknowledged + unknown)
  assert.deepEqual(wrong, [])
  await worker.sync()
  await until('all is sent', async () => (await serverRows(server, user)).length === shown.length)
  assert.deepEqual(await repeated(server), [])
})

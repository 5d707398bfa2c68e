// A page with an engine of its own, beside a worker that answers: both ways together (DESIGN 1, ways 1 and 2).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { keepLedger, pageRows, repeated, serverRows } from './harness/rows.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { flushed, startSync, statusOf } from './harness/sync.mjs'
import { until } from './harness/until.mjs'
import { workerOf } from './harness/workers.mjs'

let stack
before(async () => { stack = await startStack() })
after(() => stack.stop())

test('what the page\'s engine asks of the server passes the worker: refresh and read-through do not wait for each other', async () => {
  await keepLedger(stack.server)
  const person = await stack.person({ worker: true, answer: true })
  const page = await person.page()
  const user = await signIn(page, newUser())
  await startSync(page)
  const started = Date.now()
  const expires = await page.evaluate(async () => {
    const { data, error } = await window.supabase.auth.refreshSession()
    if (error) throw error
    return data.session.refresh_token !== null
  })
  assert.ok(expires)
  assert.ok(Date.now() - started < 20_000, 'neither waits until it may steal the other\'s lock')
  // Past supabase-js on tc.fetch: a request of the page's own goes to the worker.
  const { url, anonKey } = stack.server
  const status = await page.evaluate(async ({ url, key }) => {
    await window.supabase.from('entries').insert({ title: 'by the page' }).throwOnError()
    const { data } = await window.supabase.auth.getSession()
    const headers = { apikey: key, authorization: `Bearer ${data.session.access_token}`, 'content-type': 'application/json' }
    const answer = await fetch(`${url}/rest/v1/entries`, { method: 'POST', headers, body: '{"title":"by the worker"}' })
    return answer.status
  }, { url, key: anonKey })
  assert.equal(status, 201)
  const titles = ['by the page', 'by the worker']
  await until('the page shows both', async () => (await pageRows(page)).length === 2)
  await flushed(page)
  assert.deepEqual((await serverRows(stack.server, user)).map(({ title }) => title).sort(), titles)
  assert.deepEqual(await repeated(stack.server), [])
})

test('sync that a worker has turned on and a page has turned off stays off in the next worker', async () => {
  const person = await stack.person({ worker: true, answer: true, sync: true })
  const page = await person.page()
  const user = await signIn(page, newUser())
  await until('the worker has turned it on', async () => (await statusOf(page)).synced.length === 1)
  await until('the table is held', async () => (await statusOf(page)).held.length === 1)
  await page.evaluate(() => window.tc.sync.stop())
  const worker = await workerOf(page, stack.server.url)
  await worker.stop()
  await until('it is ended', () => !worker.isRunning())
  await person.page()
  await until('the next page has woken it', () => worker.isRunning())
  await page.evaluate(() => window.supabase.from('entries').insert({ title: 'kept here' }).throwOnError())
  await new Promise((resolve) => setTimeout(resolve, 3_000)) // longer than a write waits for its round
  assert.deepEqual(await serverRows(stack.server, user), [])
  assert.deepEqual((await statusOf(page)).synced, [])
})

// The sync lease: a tab that holds it and stands still keeps nobody from syncing for long (DESIGN 6; PITFALLS 23, 26, 27).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { serverRows } from './harness/rows.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { startSync } from './harness/sync.mjs'
import { until } from './harness/until.mjs'

/** The engine steals a lease after 30 s without a sign of work. */
const STOLEN_MS = 45_000

let stack
before(async () => { stack = await startStack() })
after(() => stack.stop())

test('a write is sent though a frozen tab holds the lease', async () => {
  const { server } = stack
  const ann = await stack.person()
  const awake = await ann.page()
  const id = await signIn(awake, newUser())
  await startSync(awake)
  const asleep = await ann.page()
  const lease = `thermocline/${new URL(server.url).host}/${id}/sync`
  await asleep.evaluate((name) => new Promise((held) => {
    void navigator.locks.request(name, () => { held(); return new Promise(() => {}) })
  }), lease)
  const devtools = await asleep.context().newCDPSession(asleep)
  await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })

  await awake.evaluate(() => window.supabase.from('entries').insert({ title: 'not held up' }).throwOnError())
  const begun = Date.now()
  await until('it is on the server', async () => (await serverRows(server, id)).length === 1, STOLEN_MS)
  assert.ok(Date.now() - begun > 5_000, 'the tab did hold the lease')
  await devtools.send('Page.setWebLifecycleState', { state: 'active' })
})

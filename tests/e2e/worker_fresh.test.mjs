// An app without a line of ours has no doorbell, since a worker holds no socket: while it is used, its worker asks the server every half minute.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pageRows } from './harness/rows.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { until } from './harness/until.mjs'

let stack
const pulls = []
before(async () => { stack = await startStack({ app: 'app-plain', intercept: watch }) })
after(() => stack.stop())

function watch(req) {
  if (req.method === 'POST' && req.url.endsWith('thermocline_pull')) pulls.push(Date.now())
  return false
}

test('an app that reads and never writes sees what was changed elsewhere, for one pull in half a minute', async () => {
  const ann = await stack.person({ worker: true, sync: true })
  const page = await ann.page()
  const id = await signIn(page, newUser())
  await page.evaluate(() => window.supabase.from('entries').insert({ title: 'mine' }).throwOnError().then(() => null))
  await until('it is synced', async () => (await stack.server.sql('select 1 from public.entries where user_id = $1', [id])).length === 1)
  await until('the rounds are over', () => Date.now() - pulls.at(-1) > 3_000)
  const before = pulls.length
  await stack.server.sql(`insert into public.entries (user_id, title) values ($1, 'from elsewhere')`, [id])
  await until('it is on the page, which only reads', async () => (await pageRows(page)).length === 2, 45_000)
  assert.ok(pulls.length - before <= 2, `${pulls.length - before} pulls`)
})

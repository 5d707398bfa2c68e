// What no pull tells of: rights that change without a change of rows are found by an audit (invariant 4); what a restored
// server no longer has is kept, and asked about; priorities and metered connections.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pageRows, serverRows } from './harness/rows.mjs'
import { startStack } from './harness/stack.mjs'
import { flushed, outboxOf, signedIn, statusOf, syncNow } from './harness/sync.mjs'

let stack
before(async () => { stack = await startStack() })
after(() => stack.stop())

test('rows that a policy hides go with the next audit, and come back with the one after the policy', async () => {
  const { server } = stack
  const { page } = await signedIn(stack)
  await insert(page, ['open', 'secret', 'open too'])
  await flushed(page)
  await syncNow(page)
  const whole = await audit(page)
  assert.deepEqual([whole.table, whole.differing, whole.repaired], ['entries', 0, 0], 'the proof that nothing is missing')

  await server.sql(`create policy secrets on public.entries as restrictive for select using (title <> 'secret')`)
  await syncNow(page)
  assert.equal((await pageRows(page)).length, 3, 'no row has changed, so no pull tells')
  const less = await audit(page)
  assert.deepEqual([less.differing, less.repaired], [1, 1])
  assert.deepEqual(titles(await pageRows(page)), ['open', 'open too'])

  await server.sql('drop policy secrets on public.entries')
  assert.equal((await audit(page)).repaired, 1)
  assert.deepEqual(titles(await pageRows(page)), ['open', 'open too', 'secret'])
  const last = await audit(page)
  assert.deepEqual((await statusOf(page)).audits, [last])
})

test('what a restored server has lost becomes a conflict: written again, or let go', async () => {
  const { server } = stack
  const { page, id } = await signedIn(stack)
  await insert(page, ['before'])
  await flushed(page)
  await syncNow(page)
  await page.evaluate(() => window.supabase.from('entries').update({ title: 'after' }).eq('title', 'before'))
  await insert(page, ['lost', 'let go'])
  await flushed(page)
  await syncNow(page)
  await restore(server, id)

  await syncNow(page)
  assert.deepEqual(titles(await pageRows(page)), ['after', 'let go', 'lost'], 'nothing is swept silently')
  const conflicts = await outboxOf(page)
  const told = conflicts.map(({ state, error, changes, before, theirs }) => [state, error.code, changes.title, before.title, theirs?.title])
  assert.deepEqual(told.sort((a, b) => (a[2] < b[2] ? -1 : 1)), [
    ['conflict', 'lost_by_restore', 'after', 'after', 'before'],
    ['conflict', 'lost_by_restore', 'let go', 'let go', undefined],
    ['conflict', 'lost_by_restore', 'lost', 'lost', undefined],
  ])
  for (const { id, changes } of conflicts) {
    await page.evaluate(([id, choice]) => window.tc.outbox.resolve(id, choice), [id, changes.title === 'let go' ? 'theirs' : 'mine'])
  }
  await flushed(page)
  await syncNow(page)
  assert.deepEqual(titles(await serverRows(server, id)), ['after', 'lost'])
  assert.deepEqual(titles(await pageRows(page)), ['after', 'lost'])
  assert.deepEqual([await outboxOf(page), (await statusOf(page)).conflicts], [[], 0])
})

/** As point-in-time recovery leaves it: rows of an earlier state, their old revisions, another epoch. */
async function restore(server, user) {
  const triggers = ['stamp', 'bury'].map((name) => `zz_thermocline_${name}`)
  for (const name of triggers) await server.sql(`alter table public.entries disable trigger ${name}`)
  await server.sql(`delete from public.entries where user_id = $1 and title in ('lost', 'let go')`, [user])
  await server.sql(`update public.entries set title = 'before', _rev = _rev - 4194304 where user_id = $1`, [user])
  for (const name of triggers) await server.sql(`alter table public.entries enable always trigger ${name}`)
  await server.sql(`delete from thermocline.answers where owner = $1
    and rev > (select min(rev) from thermocline.answers where owner = $1)`, [user])
  await server.sql('select thermocline.new_epoch()')
}

const titles = (rows) => rows.map(({ title }) => title).sort()

async function insert(page, names) {
  const { error } = await page.evaluate((rows) => window.supabase.from('entries').insert(rows), names.map((title) => ({ title })))
  assert.equal(error, null)
}

async function audit(page) {
  const [audited, ...others] = await page.evaluate(() => window.tc.sync.audit())
  assert.deepEqual(others, [])
  return audited
}

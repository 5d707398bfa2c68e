// Use before any sign-in: what is written then works offline, is nobody's, and becomes the user's own when they say so: once,
// with the keys that their other devices would have given it (DESIGN 9; invariants 2 and 11).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { newUser, signIn, signOut, startStack } from './harness/stack.mjs'
import { flushed, outboxOf, startSync, statusOf, syncNow } from './harness/sync.mjs'
import { makeTopics, TOPICS } from './harness/topics.mjs'
import { until } from './harness/until.mjs'

let stack
before(async () => {
  stack = await startStack()
  await makeTopics(stack.server)
})
after(() => stack.stop())

test('what was written before any sign-in, offline too, is adopted by whoever says so, and reaches the server once', async () => {
  const person = await stack.person({ tables: TOPICS, worker: true })
  const page = await person.page() // reads the definitions
  await person.offline(true)
  const topic = await write(page, 'topics', { name: 'sea', note: 'before' })
  await write(page, 'cards', { topic: topic.id, text: 'deep' })
  await write(page, 'cards', { topic: topic.id, text: 'blue' })
  await page.evaluate(() => window.supabase.from('cards').update({ text: 'blue, changed' }).eq('text', 'blue').throwOnError().then(() => undefined))
  const again = await write(page, 'topics', { name: 'wind' })
  await page.evaluate((id) => window.supabase.from('topics').update({ note: 'changed' }).eq('id', id).throwOnError().then(() => undefined), again.id)
  assert.deepEqual((await rows(page, 'cards', 'text')).map(({ text }) => text).sort(), ['blue, changed', 'deep'])
  assert.equal((await statusOf(page)).unadopted, 4)

  // It outlives the page, and is nobody's but the user's who asks.
  await person.offline(false)
  const tab = await person.page()
  const user = newUser()
  const id = await signIn(tab, user)
  await until('the status tells how much waits', async () => (await statusOf(tab)).unadopted === 4)
  await startSync(tab)
  assert.deepEqual([await rows(tab, 'topics', 'name'), await outboxOf(tab)], [[], []])
  assert.equal(Number((await stack.server.sql('select count(*) from public.topics'))[0].count), 0, 'nothing is adopted without being asked')

  const device = await stack.person({ tables: TOPICS })
  const other = await device.page()
  await signIn(other, user)
  await startSync(other)
  const same = await write(other, 'topics', { name: 'sea' })
  await flushed(other)
  assert.notEqual(same.id, topic.id)

  const [one, two] = await Promise.all([tab, page].map((each) => each.evaluate(() => window.tc.session.adopt())))
  assert.deepEqual([one, two].sort(), [0, 4], 'two tabs adopt at once: each change enters once')
  await until('nothing waits any more', async () => (await statusOf(tab)).unadopted === 0 && (await statusOf(page)).unadopted === 0)
  await flushed(tab)
  await syncNow(tab)
  assert.deepEqual(await outboxOf(tab), [])
  const topics = [{ id: same.id, name: 'sea', note: 'before' }, { name: 'wind', note: 'changed' }]
  const stored = await stack.server.sql('select id, name, note, user_id from public.topics order by name')
  assert.deepEqual(stored.map(({ name, note }) => ({ name, note })), topics.map(({ name, note }) => ({ name, note })))
  assert.equal(stored[0].id, same.id, 'the id is the one that every device of the user derives')
  assert.deepEqual(await stack.server.sql('select topic, text, user_id from public.cards order by text'),
    ['blue, changed', 'deep'].map((text) => ({ topic: same.id, text, user_id: id })))
  assert.equal(await tab.evaluate(() => window.tc.session.adopt()), 0)
})

test('what was written before any sign-in can be dropped, and another user is never given it unasked', async () => {
  const person = await stack.person({ tables: TOPICS })
  const page = await person.page()
  await write(page, 'topics', { name: 'a stranger\'s' })
  const code = await page.evaluate(() => window.tc.session.adopt().then(() => null, (error) => error.code))
  assert.equal(code, 'unauthorized')

  await signIn(page, newUser())
  await startSync(page)
  assert.equal(await signOut(page), null, 'it is no change of the user who signs out')
  assert.deepEqual((await rows(page, 'topics', 'name')).map(({ name }) => name), ['a stranger\'s'])
  const id = await signIn(page, newUser())
  await until('it waits still', async () => (await statusOf(page)).unadopted === 1)
  await page.evaluate(() => window.tc.session.discardLocal())
  assert.equal((await statusOf(page)).unadopted, 0)
  await startSync(page)
  await flushed(page)
  assert.equal(await signOut(page), null)
  assert.deepEqual(await rows(page, 'topics', 'name'), [])
  assert.deepEqual(await stack.server.sql('select name from public.topics where user_id = $1', [id]), [])
})

const write = (page, table, row) =>
  page.evaluate(async ([into, given]) => {
    const { data, error } = await window.supabase.from(into).insert(given).select().single()
    if (error) throw new Error(JSON.stringify(error))
    return data
  }, [table, row])

const rows = (page, table, columns) =>
  page.evaluate(async ([from, wanted]) => (await window.supabase.from(from).select(wanted).order('id')).data ?? [], [table, columns])

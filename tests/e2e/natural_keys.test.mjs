// Natural keys: two profiles offline make the same thing under different ids. Afterwards both show one row, what referred to
// either hangs on it, and nothing is lost (DESIGN 6; invariants 2 and 4). A deleted parent takes its children along at once.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { flushed, outboxOf, startSync, syncNow } from './harness/sync.mjs'
import { makeTopics, TOPICS } from './harness/topics.mjs'
import { until } from './harness/until.mjs'

let stack
before(async () => {
  stack = await startStack()
  await makeTopics(stack.server)
})
after(() => stack.stop())

test('two profiles that are offline make one thing under two ids: both show one row, and the child hangs on it', async () => {
  const user = newUser()
  const [[ann, hers], [bob, his]] = [await profile(user), await profile(user)]
  await Promise.all([ann.offline(true), bob.offline(true)])
  const [a, b, card] = [randomUUID(), randomUUID(), randomUUID()]
  await his.evaluate(() => window.tc.on('rekeyed', (one) => (window.rekeyed ??= []).push(one)))
  await write(hers, 'topics', { id: a, name: 'sea', note: 'hers' })
  await write(his, 'topics', { id: b, name: 'sea', note: 'his' })
  await write(his, 'cards', { id: card, topic: b, text: 'deep' })
  const live = await watch(his, `topics?id=eq.${b}`)

  await ann.offline(false)
  await flushed(hers)
  await bob.offline(false)
  await flushed(his)
  await syncNow(hers)
  assert.deepEqual([await outboxOf(hers), await outboxOf(his)], [[], []])
  const topics = [{ id: a, name: 'sea', note: 'his' }] // the later edit
  for (const page of [hers, his]) {
    assert.deepEqual(await rows(page, 'topics', 'id,name,note'), topics)
    assert.deepEqual(await rows(page, 'cards', 'id,topic,text'), [{ id: card, topic: a, text: 'deep' }])
  }
  assert.deepEqual(await his.evaluate(() => window.rekeyed), [{ table: 'topics', from: b, to: a }])
  await until('the live query by the old key shows the row', async () => (await live()).at(-1)?.[0]?.id === a)

  // Whoever still says the old key means the row.
  const asked = await his.evaluate((old) => window.supabase.from('topics').update({ note: 'late' }).eq('id', old).select('id,note').then(({ data }) => data), b)
  assert.deepEqual(asked, [{ id: a, note: 'late' }])
  await flushed(his)
  assert.deepEqual(await stack.server.sql('select id, note from public.topics where name = $1', ['sea']), [{ id: a, note: 'late' }])
})

test('without an id both make the same row, and its natural key stays', async () => {
  const user = newUser()
  const [[ann, hers], [bob, his]] = [await profile(user), await profile(user)]
  await Promise.all([ann.offline(true), bob.offline(true)])
  const [first] = await write(hers, 'topics', { name: 'wind', note: 'hers' })
  const [second] = await write(his, 'topics', { name: 'wind' })
  assert.equal(first.id, second.id)
  const renamed = await his.evaluate((id) => window.supabase.from('topics').update({ name: 'storm' }).eq('id', id).then(({ error }) => error), first.id)
  assert.equal(renamed.code, '23514')
  await ann.offline(false)
  await flushed(hers)
  await bob.offline(false)
  await flushed(his)
  for (const page of [hers, his]) {
    await syncNow(page)
    assert.deepEqual(await rows(page, 'topics', 'id,name,note'), [{ id: first.id, name: 'wind', note: 'hers' }])
  }
  assert.deepEqual(await outboxOf(his), [])
})

test('a deleted parent takes its children along at once, offline, and on the server', async () => {
  const [person, page] = await profile(newUser())
  const [topic] = await write(page, 'topics', { name: 'tide' })
  await write(page, 'cards', { topic: topic.id, text: 'ebb' })
  await write(page, 'cards', { text: 'alone' })
  await flushed(page)
  await syncNow(page)
  const live = await watch(page, 'cards?select=text&order=text')
  await person.offline(true)
  await page.evaluate((id) => window.supabase.from('topics').delete().eq('id', id), topic.id)
  assert.deepEqual(await rows(page, 'cards', 'text'), [{ text: 'alone' }])
  await until('the live query has heard of it', async () => (await live()).at(-1)?.length === 1)
  assert.equal((await outboxOf(page)).length, 1)
  await person.offline(false)
  await flushed(page)
  await syncNow(page)
  assert.deepEqual(await rows(page, 'cards', 'text'), [{ text: 'alone' }])
  assert.deepEqual(await stack.server.sql('select text from public.cards where topic = $1', [topic.id]), [])
})

/** One of a user's browsers, synced once. */
async function profile(user) {
  const person = await stack.person({ tables: TOPICS })
  const page = await person.page()
  await signIn(page, user)
  await startSync(page)
  return [person, page]
}

const write = (page, table, row) =>
  page.evaluate(async ([into, given]) => {
    const { data, error } = await window.supabase.from(into).insert(given).select()
    if (error) throw new Error(JSON.stringify(error))
    return data
  }, [table, row])

const rows = (page, table, columns) =>
  page.evaluate(async ([from, wanted]) => (await window.supabase.from(from).select(wanted).order('id')).data, [table, columns])

/** What a live query has told so far. */
async function watch(page, path) {
  await page.evaluate((asked) => {
    window.told = []
    window.tc.live(asked, ({ rows: shown }) => window.told.push(shown))
  }, path)
  return () => page.evaluate(() => window.told)
}

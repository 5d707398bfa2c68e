// Two tabs on one database, checkpoints under their feet: both show the same rows, none is lost
// (invariants 1, 6, 7 and 8; PITFALLS 26, 27 and 28).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pageRows, serverRows, textsOf } from './harness/rows.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { freeze } from './harness/standstill.mjs'
import { flushed, outboxOf, startSync, syncNow } from './harness/sync.mjs'
import { until } from './harness/until.mjs'

/** Each awaited write is a record of the log; at 1,000 records a checkpoint is due. */
const WRITES_A_TAB = 650

let stack
before(async () => { stack = await startStack() })
after(() => stack.stop())

test('two tabs write at once while a checkpoint is made: both show the same rows, none is lost', async () => {
  const { server } = stack
  const { person, id, tabs: [first, second] } = await twoTabs()
  await person.offline(true)

  await Promise.all([insertEach(first, 'first', WRITES_A_TAB), insertEach(second, 'second', WRITES_A_TAB)])
  await until('a checkpoint has cut the log', () => logIsCut(first))
  const wanted = [...titlesOf('first', WRITES_A_TAB), ...titlesOf('second', WRITES_A_TAB)].sort()
  for (const tab of [first, second]) {
    const shown = await until('the tab shows all rows', async () => {
      const rows = await pageRows(tab)
      return rows.length >= wanted.length && rows
    })
    assert.deepEqual(shown.map(({ title }) => title).sort(), wanted)
  }
  assert.deepEqual(textsOf(await pageRows(first)), textsOf(await pageRows(second)))

  // Both edit every row, each another column; then a tab that opens now reads the checkpoint.
  await Promise.all([updateAll(first, { status: 'done' }), updateAll(second, { mood: 3 })])
  const third = await person.page()
  await until('the third tab shows both edits', async () =>
    (await pageRows(third)).every(({ status, mood }) => status === 'done' && mood === 3))
  assert.equal(new Set((await outboxOf(third)).map(({ key: [row] }) => row)).size, wanted.length, 'every row waits to be sent')

  await person.offline(false)
  await flushed(first)
  const stored = await serverRows(server, id)
  assert.deepEqual(stored.map(({ title }) => title).sort(), wanted)
  assert.ok(stored.every(({ status, mood }) => status === 'done' && mood === 3))
  for (const tab of [first, second, third]) {
    await syncNow(tab)
    assert.deepEqual(textsOf(await pageRows(tab)), textsOf(stored))
  }
})

test('a tab that stood still while another checkpointed catches up when it goes on', async () => {
  const { person, tabs: [awake, asleep] } = await twoTabs()
  await person.offline(true)
  await insertEach(asleep, 'early', 5)
  const thaw = await freeze(asleep)

  await insertEach(awake, 'late', 1_100)
  await until('a checkpoint has cut the log', () => logIsCut(awake))
  await thaw()

  const wanted = [...titlesOf('early', 5), ...titlesOf('late', 1_100)].sort()
  const shown = await until('the tab shows all rows', async () => {
    const rows = await pageRows(asleep)
    return rows.length === wanted.length && rows
  })
  assert.deepEqual(shown.map(({ title }) => title).sort(), wanted)
  assert.deepEqual(textsOf(await pageRows(awake)), textsOf(shown))
})

test('a live query in one tab shows what the other writes', async () => {
  const { person, tabs: [writing, watching] } = await twoTabs()
  await person.offline(true)
  await watching.evaluate(() => {
    window.seen = []
    window.tc.live('entries?select=title&status=eq.open&order=title', ({ rows }) => window.seen.push(rows.map(({ title }) => title).join()))
  })
  await watching.waitForFunction(() => window.seen.length === 1)
  await writing.evaluate(async () => {
    const entries = () => window.supabase.from('entries')
    await entries().insert({ title: 'a' }).throwOnError()
    await entries().insert([{ title: 'b', status: 'open' }, { title: 'c', status: 'done' }]).throwOnError()
    await entries().update({ status: 'done' }).eq('title', 'a').throwOnError()
  })
  await watching.waitForFunction(() => window.seen.at(-1) === 'b')
  const seen = await watching.evaluate(() => window.seen)
  assert.equal(seen[0], '')
  assert.deepEqual(seen.filter((rows, n) => rows === seen[n - 1]), [], 'no answer is told twice in a row')
})

/** Someone signed in, with two tabs open and sync on. */
async function twoTabs() {
  const person = await stack.person({ worker: true }) // whose shell opens more tabs offline
  const first = await person.page()
  const id = await signIn(first, newUser())
  await startSync(first)
  return { person, id, tabs: [first, await person.page()] }
}

const titlesOf = (tab, count) => Array.from({ length: count }, (_, n) => `${tab} ${n}`)

/** Inserts one row after the other, each awaited. */
function insertEach(page, tab, count) {
  return page.evaluate(async (titles) => {
    for (const title of titles) await window.supabase.from('entries').insert({ title }).throwOnError()
  }, titlesOf(tab, count))
}

function updateAll(page, changes) {
  return page.evaluate((given) => window.supabase.from('entries').update(given).not('id', 'is', null).throwOnError().then(() => null), changes)
}

/** Whether the log of the signed-in user no longer begins at its beginning. */
function logIsCut(page) {
  return page.evaluate(async () => {
    const { user } = window.tc.status()
    const { name } = (await indexedDB.databases()).find(({ name: found }) => found.endsWith(user))
    const settled = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    const database = await settled(indexedDB.open(name))
    const cursor = await settled(database.transaction('log').objectStore('log').openKeyCursor())
    database.close()
    return cursor === null || cursor.key > 500
  })
}

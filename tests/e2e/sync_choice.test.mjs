// Which tables are synced is one choice of all contexts: tabs that choose at the same time both have their way (DESIGN 6).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { newUser, signIn, signOut, startStack } from './harness/stack.mjs'
import { startSync, statusOf } from './harness/sync.mjs'
import { makeTopics, TOPICS } from './harness/topics.mjs'
import { until } from './harness/until.mjs'

let stack
before(async () => {
  stack = await startStack()
  await makeTopics(stack.server)
})
after(() => stack.stop())

test('two tabs that turn sync on for a table each at the same time turn it on for both', async () => {
  const ann = await stack.person({ tables: TOPICS })
  const pages = [await ann.page(), await ann.page()]
  await signIn(pages[0], newUser())
  await until('both tabs know who it is', async () => (await statusOf(pages[1])).user !== null)
  for (let n = 0; n < 10; n++) {
    await Promise.all(pages.map((page, at) => page.evaluate((table) => window.tc.sync.start({ tables: [table] }), TOPICS[at])))
    for (const page of pages) {
      await until(`both tables are synced, time ${n}`, async () => (await statusOf(page)).synced.length === 2, 5_000)
    }
    await pages[n % 2].evaluate(() => window.tc.sync.stop())
    for (const page of pages) await until('none is', async () => (await statusOf(page)).synced.length === 0, 5_000)
  }
})

test('a live query is told no error while the next user\'s tables are still being read', async () => {
  const ann = await stack.person({ tables: TOPICS })
  const page = await ann.page()
  await signIn(page, newUser())
  await startSync(page)
  await page.evaluate(() => {
    window.told = { rows: 0, errors: [] }
    window.tc.live('topics?select=name', () => { window.told.rows += 1 }, (error) => window.told.errors.push(error.message))
  })
  await until('the first rows', () => page.evaluate(() => window.told.rows > 0))
  for (let n = 0; n < 3; n++) {
    assert.equal(await signOut(page), null)
    await page.evaluate(() => { window.told.rows = 0 })
    await signIn(page, newUser())
    await startSync(page)
    await page.evaluate(() => window.supabase.from('topics').insert({ name: 'sea' }).throwOnError().then(() => null))
    await until('the next user\'s rows', () => page.evaluate(() => window.told.rows > 0))
    await page.evaluate(() => window.tc.sync.flushed())
  }
  assert.deepEqual(await page.evaluate(() => window.told.errors), [])
})

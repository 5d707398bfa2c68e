// Real rows: a public data set of some thousands, with nulls, Unicode, long text and nested JSON, comes
// through the outbox, PostgreSQL and a pull unchanged (invariants 2 and 4; PITFALLS 1 and 8).

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { after, before, test } from 'node:test'
import { pageRows, serverRows, textsOf } from './harness/rows.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { flushed, outboxOf, startSync, syncNow } from './harness/sync.mjs'

const WWW = fileURLToPath(new URL('../../www/', import.meta.url))
const BATCH_ROWS = 100

let stack
before(async () => { stack = await startStack() })
after(() => stack.stop())

test('3,000 real rows loaded offline reach PostgreSQL and a second profile row for row', async () => {
  const { server } = stack
  const rows = dataset()
  assert.ok(rows.length >= 3_000)
  const ann = await stack.person()
  const user = newUser()
  const page = await ann.page()
  const id = await signIn(page, user)
  await startSync(page)

  await ann.offline(true)
  await load(page, rows)
  assert.equal((await outboxOf(page)).length, rows.length)
  assert.deepEqual(given(await pageRows(page)), given(rows))

  await ann.offline(false)
  await flushed(page)
  const stored = await serverRows(server, id)
  assert.deepEqual(given(stored), given(rows))
  assert.deepEqual(await outboxOf(page), [])
  await syncNow(page)
  assert.deepEqual(textsOf(await pageRows(page)), textsOf(stored))

  const second = await stack.person()
  const other = await second.page()
  await signIn(other, user)
  await startSync(other)
  assert.deepEqual(textsOf(await pageRows(other)), textsOf(stored))
})

/** Daybook's own data set, made from its source if need be. */
function dataset() {
  const file = `${WWW}public/browser-features.json`
  if (!existsSync(file)) execFileSync(process.execPath, ['build/dataset.mjs'], { cwd: WWW })
  return JSON.parse(readFileSync(file, 'utf8')).rows
}

/** What the data set says of each row; a slug names a row. */
const given = (rows) => textsOf(rows, ['slug', 'title', 'body', 'mood', 'amount', 'tags', 'meta', 'status', 'happened_on'])

/** Inserts in batches, each awaited, as Daybook does. */
function load(page, rows) {
  return page.evaluate(async ({ all, size }) => {
    for (let at = 0; at < all.length; at += size) {
      await window.supabase.from('entries').insert(all.slice(at, at + size)).throwOnError()
    }
  }, { all: rows, size: BATCH_ROWS })
}

// The data set is what its page says: thousands of real rows with nulls, Unicode, long texts and
// nested JSON, each of them an entry that the server's table takes.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const FILE = fileURLToPath(new URL('../public/browser-features.json', import.meta.url))
const BUILD = fileURLToPath(new URL('dataset.mjs', import.meta.url))
const BYTES_MAX = 2.25 * 1024 * 1024

function build() {
  execFileSync(process.execPath, [BUILD])
  return readFileSync(FILE, 'utf8')
}

const text = build()
const { rows, licence } = JSON.parse(text)

test('the same source gives the same file', () => {
  assert.equal(build(), text)
})

test('it has thousands of rows, each with a name of its own, and stays small enough to precache', () => {
  assert.equal(rows.length, 3_500)
  assert.equal(new Set(rows.map(({ slug }) => slug)).size, rows.length)
  assert.ok(statSync(FILE).size < BYTES_MAX)
  assert.equal(licence, 'CC0-1.0')
})

test('it has nulls, Unicode, long texts and nested JSON', () => {
  for (const column of ['body', 'amount', 'happened_on']) assert.ok(rows.filter((row) => row[column] === null).length > 100, column)
  assert.ok(rows.filter(({ body }) => /[^\x00-\xff]/.test(body ?? '')).length > 300)
  assert.ok(rows.filter(({ body }) => body?.length > 1_000).length > 50)
  assert.ok(rows.every(({ meta }) => typeof meta.support === 'object'))
})

test('every row fits the table', () => {
  for (const { title, status, tags, amount, happened_on: day } of rows) {
    assert.ok(title.length > 0 && title.length <= 200, title)
    assert.ok(status === 'open' || status === 'done')
    assert.ok(tags.every((tag) => typeof tag === 'string'))
    assert.ok(amount === null || /^\d{1,10}(\.\d{1,2})?$/.test(String(amount)), String(amount))
    assert.ok(day === null || /^\d{4}-\d{2}-\d{2}$/.test(day), day)
  }
})

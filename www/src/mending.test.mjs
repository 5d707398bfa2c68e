// What a reader sees of a change that the server did not take: its columns, its sides, and the row that takes from both.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const load = async (name) => (await runnerImport(fileURLToPath(new URL(name, import.meta.url)))).module
const { lacksTitle, laterEdits, nameOf, neediestFirst, ownColumns, ownPart, rowOf, sidesOf } = await load('mending.ts')
const { shownColumns, valueWords } = await load('columns.ts')

const entry = (more) => ({
  id: 'a', table: 'entries', key: ['k'], operation: 'update', changes: {}, before: {}, theirs: null, state: 'refused', behind: null, made: 0, overdue: false, error: null, ...more,
})

test('what needs the reader comes first, each in its old order', () => {
  const all = ['waiting', 'refused', 'sent', 'conflict'].map((state) => entry({ state }))
  assert.deepEqual(neediestFirst(all).map(({ state }) => state), ['refused', 'conflict', 'waiting', 'sent'])
})

test('a column that was edited since is not edited in the refused change', () => {
  const refused = entry({ changes: { id: 'k', title: 'x', body: 'y' } })
  const all = [refused, entry({ id: 'b', behind: 'a', changes: { body: 'z' } }), entry({ id: 'c', behind: 'a', key: ['other'], changes: { title: 'z' } })]
  const later = laterEdits(refused, all)
  assert.deepEqual(later.map(({ id }) => id), ['b'])
  assert.deepEqual(ownColumns(refused, later), ['title'])
})

test('an entry that is written again without its title is asked for one', () => {
  const again = entry({ operation: 'upsert', changes: { id: 'k', body: 'x' } })
  assert.ok(lacksTitle(again, []))
  assert.ok(!lacksTitle(again, [entry({ changes: { title: 'since' } })]))
  assert.ok(!lacksTitle(entry({ changes: { body: 'x' } }), []))
})

test('the sides of a conflict differ where the values do, whatever the order of their keys', () => {
  const sides = sidesOf(entry({ changes: { title: 'mine', meta: { a: 1, b: 2 } }, before: { title: 'old' }, theirs: { title: 'theirs', meta: { b: 2, a: 1 }, body: 'more' } }))
  assert.deepEqual(sides.map(({ column, differs }) => [column, differs]), [['title', true], ['meta', false]])
  assert.deepEqual(sides.map((side) => side.before ?? 'none'), ['old', 'none'])
  assert.ok(sidesOf(entry({ changes: { title: null } }))[0].differs, 'nothing is not what was deleted')
})

test('the row that takes from both names every changed column', () => {
  const sides = sidesOf(entry({ changes: { title: 'mine', body: 'mine' }, theirs: { title: 'theirs', body: 'theirs', mood: 2 } }))
  assert.deepEqual(rowOf(sides, { title: 'theirs', body: 'mine' }), { title: 'theirs', body: 'mine' })
})

test('the part of a text that is its own is found by words', () => {
  assert.deepEqual(ownPart('past the old boats', 'past the boats'), ['past the ', 'old', ' boats'])
  assert.deepEqual(ownPart('a b', 'a b'), ['a b', '', ''])
  assert.deepEqual(ownPart('a a', 'a a a').join(''), 'a a')
  assert.deepEqual(ownPart('', 'x'), ['', '', ''])
})

test('an entry is called by its title, or by the start of its key', () => {
  assert.equal(nameOf(entry({ theirs: { title: 'Tea' } })), 'Tea')
  assert.equal(nameOf(entry({ key: ['7f1f0f9e-2c8c'] })), '7f1f0f9e…')
})

test('columns have names and values have words', () => {
  assert.deepEqual(shownColumns(['user_id', 'other', 'tags', 'title', 'id']), ['title', 'tags', 'other'])
  assert.deepEqual([['mood', 4], ['status', 'done'], ['pinned', false], ['tags', ['a', 'b']], ['tags', []], ['amount', 2.5]].map(([column, value]) => valueWords(column, value)),
    ['Good', 'Done', 'No', 'a, b', 'empty', '2.5'])
})

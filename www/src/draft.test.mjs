// A draft becomes a row, and only what differs of it an update.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const load = async (name) => (await runnerImport(fileURLToPath(new URL(name, import.meta.url)))).module
const { changesOf, draftOf, emptyDraft, insertOf, problemsOf } = await load('draft.ts')
const { explain } = await load('failures.ts')
const { age, bytes, counted } = await load('words.ts')

const ENTRY = {
  id: '7f1f0f9e-2c8c-5b8e-8f0a-5a3a1c9f7e11', user_id: 'u', title: 'Tea', body: null, mood: 4, amount: 12.5, tags: ['home', 'tea'],
  meta: { source: 'x' }, status: 'open', pinned: false, happened_on: '2026-11-20', slug: 'tea',
  created_at: '2026-11-20T10:00:00+00:00', updated_at: '2026-11-20T10:00:00+00:00',
}

test('an untouched draft changes nothing', () => {
  assert.deepEqual(changesOf(draftOf(ENTRY), ENTRY), {})
})

test('an update holds only the columns that differ', () => {
  const draft = { ...draftOf(ENTRY), title: ' Tea, again ', tags: 'home, tea,, home' }
  assert.deepEqual(changesOf(draft, ENTRY), { title: 'Tea, again' })
  assert.deepEqual(changesOf({ ...draftOf(ENTRY), mood: null, happened_on: '' }, ENTRY), { mood: null, happened_on: null })
})

test('what is left empty is null, and a comma is a decimal point', () => {
  const { body, amount, mood, tags } = insertOf({ ...emptyDraft(), title: 'x', amount: '3,75' })
  assert.deepEqual({ body, amount, mood, tags }, { body: null, amount: 3.75, mood: null, tags: [] })
})

test('a title and a readable amount are asked for, in plain words', () => {
  assert.deepEqual(problemsOf({ ...emptyDraft(), title: 'x', amount: '-12.50' }), {})
  assert.match(problemsOf(emptyDraft()).title, /title/)
  assert.match(problemsOf({ ...emptyDraft(), title: 'x'.repeat(201) }).title, /200/)
  for (const amount of ['1.234', 'a lot', '1e5', '12345678901']) assert.ok(problemsOf({ ...emptyDraft(), title: 'x', amount }).amount, amount)
})

test('every error that reaches the reader says what to do', () => {
  assert.match(explain({ code: 'quota_exceeded', message: 'QuotaExceededError' }), /Free some space/)
  assert.match(explain(new TypeError('Failed to fetch')), /Check the connection/)
  assert.equal(explain({ code: 'PGRST999', message: 'no such thing' }), 'no such thing')
  assert.match(explain(undefined), /Try again/)
})

test('ages, sizes and counts read as one would say them', () => {
  assert.equal(age(0, 30_000), 'just now')
  assert.match(age(0, 3 * 60_000), /3/)
  assert.deepEqual([0, 999, 1_000, 2_913_400, 120_000_000_000].map(bytes), ['0 bytes', '999 bytes', '1.0 kB', '2.9 MB', '120 GB'])
  assert.deepEqual([counted(1, 'entry', 'entries'), counted(2, 'entry', 'entries')], ['1 entry', '2 entries'])
})

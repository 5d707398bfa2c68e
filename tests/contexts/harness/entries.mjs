// Rows that the named cases write, and how they look at what is there.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'

/** Rows of about `bytes` each, which no compression makes much smaller. */
export function makeRows(name, count, bytes = 100) {
  const noise = () => Array.from({ length: Math.ceil(bytes / 36) }, () => randomUUID()).join('')
  return Array.from({ length: count }, (_, n) => ({ id: randomUUID(), title: `${name} ${String(n).padStart(4, '0')}`, body: noise() }))
}

/** Inserts them in one request. */
export const insert = (context, rows) => context.ask('POST', 'select=id', rows)

/** Titles of all rows that a context shows, in order; each row is there once. */
export async function titlesOf(context) {
  const rows = await context.rows('select=id,title&order=title,id')
  assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length, 'a row is shown twice')
  return rows.map(({ title }) => title)
}

/** Each of the rows waits in the outbox, once, and nothing else does. */
export async function assertOutbox(context, rows) {
  const outbox = await context.run('outbox')
  const waiting = outbox.map(({ key: [id] }) => id)
  assert.deepEqual(waiting.sort(), rows.map(({ id }) => id).sort(), 'the outbox holds each change once')
}

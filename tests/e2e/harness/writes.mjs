// Random writes as an app makes them with supabase-js, and the rows that must come of them.
//
// Writes are plain data, so that a page can carry them out; what they must leave behind is computed
// here, by a model of a few lines that shares no code with the engine. The same seed, the same writes.

import { createHash } from 'node:crypto'

/** The columns that a writer sets; the others are the server's defaults. */
export const GIVEN = ['id', 'title', 'body', 'mood', 'amount', 'tags', 'meta', 'status', 'pinned', 'happened_on']

const VERBS = ['insert', 'insert', 'bulk', 'update', 'update', 'update', 'filter', 'upsert', 'upsert', 'delete']
const TITLES = ['Überraschung 🎉', 'line\nbreak and "quotes"', '日本語のメモ', 'plain', '\\ back % slash', 'é and e\u0301']
const STATUSES = ['open', 'done', 'someday']

/** A generator of writes that remembers the rows they leave, by id. */
export class Writer {
  rows = new Map()
  #seed
  #step = 0

  constructor(seed) {
    this.#seed = seed
  }

  /** The next `count` writes: `{ verb, rows?, changes?, where? }`. */
  take(count) {
    return Array.from({ length: count }, () => this.#next())
  }

  #next() {
    this.#step += 1
    const verb = this.rows.size < 3 ? 'insert' : VERBS[this.#below(VERBS.length)]
    switch (verb) {
      case 'insert': return this.#put('insert', [this.#row()])
      case 'bulk': return this.#put('insert', [this.#row(), this.#row(), this.#row()])
      case 'upsert': return this.#put('upsert', [this.#below(2) ? this.#row() : { ...this.#some(), title: this.#title() }])
      case 'update': return this.#change({ column: 'id', value: this.#some().id })
      case 'filter': return this.#change({ column: 'mood', value: 1 + this.#below(5) })
      case 'delete': return this.#remove({ column: 'id', value: this.#some().id })
    }
  }

  #put(verb, rows) {
    for (const row of rows) this.rows.set(row.id, row)
    return { verb, rows }
  }

  /** A title says which write set it: the server's ledger shows how often it took effect. */
  #change(where) {
    const changes = { title: this.#title(), status: STATUSES[this.#below(3)], meta: { step: this.#step, of: [null, 1.5] } }
    for (const row of this.#matching(where)) this.rows.set(row.id, { ...row, ...changes })
    return { verb: 'update', changes, where }
  }

  #remove(where) {
    for (const { id } of this.#matching(where)) this.rows.delete(id)
    return { verb: 'delete', where }
  }

  #matching = ({ column, value }) => [...this.rows.values()].filter((row) => row[column] === value)

  #row() {
    return {
      id: this.#id(),
      title: this.#title(),
      body: this.#below(3) ? 'x'.repeat(this.#below(400)) : null,
      mood: this.#below(4) ? 1 + this.#below(5) : null,
      amount: this.#below(2) ? this.#below(1_000_000) / 100 : null,
      tags: ['a', 'b', 'ü'].slice(this.#below(4)),
      meta: this.#below(2) ? { nested: { deep: [1, 'two', null] } } : null,
      status: STATUSES[this.#below(3)],
      pinned: this.#below(2) === 1,
      happened_on: this.#below(2) ? `2026-0${1 + this.#below(9)}-1${this.#below(10)}` : null,
    }
  }

  #title = () => `${this.#step}.${this.#below(1_000_000)} ${TITLES[this.#below(TITLES.length)]}`
  #some = () => [...this.rows.values()][this.#below(this.rows.size)]
  #below = (limit) => Number.parseInt(this.#bits().slice(0, 12), 16) % limit

  #id() {
    const bits = this.#bits()
    return `${bits.slice(0, 8)}-${bits.slice(8, 12)}-4${bits.slice(13, 16)}-a${bits.slice(17, 20)}-${bits.slice(20, 32)}`
  }

  #drawn = 0
  #bits() {
    this.#drawn += 1
    return createHash('sha256').update(`${this.#seed}/${this.#drawn}`).digest('hex')
  }
}

/** Carries writes out in a page, one after the other, through supabase-js; each is awaited. */
export async function perform(page, writes) {
  const refused = await page.evaluate(async (given) => {
    const table = () => window.supabase.from('entries')
    for (const { verb, rows, changes, where } of given) {
      const query = {
        insert: () => table().insert(rows),
        upsert: () => table().upsert(rows),
        update: () => table().update(changes).eq(where.column, where.value),
        delete: () => table().delete().eq(where.column, where.value),
      }[verb]()
      const { error } = await query
      if (error) return { verb, rows, changes, where, error }
    }
    return null
  }, writes)
  if (refused) throw new Error(`a write was refused: ${JSON.stringify(refused)}`)
}

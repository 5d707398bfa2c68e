// What must be there: every acknowledged write, and of each other one nothing or all.
//
// Each row has one owner who inserts and deletes it, each cell (a row's column) one who changes it, and an
// owner waits for an answer before the next write. So a cell shows its last acknowledged value or one
// that was under way when its context was killed; once a quiet moment has shown which, it stays so.
// Values are texts `owner:number`, with growing numbers.

import assert from 'node:assert/strict'

export class Model {
  /** id → { owner, state: 'here' | 'gone' | 'perhaps', cells: column → { owner, values } } */
  #rows = new Map()
  /** Inserts that nobody has answered: ids that are there together or not at all. */
  #unanswered = []

  /** Rows that are certainly there; only one owner's if named. */
  ids(owner) {
    return [...this.#rows].filter(([, row]) => row.state === 'here' && (!owner || row.owner === owner)).map(([id]) => id)
  }

  /** A write is sent; answers what to call once its fate is known: 'done' or 'unknown'. */
  begin({ verb, rows, id, column, value, owner, owners = {} }) {
    if (verb === 'insert') return this.#insert(rows, owner, owners)
    const row = this.#rows.get(id)
    if (verb === 'delete') {
      row.state = 'perhaps'
      return (fate) => { if (fate === 'done') row.state = 'gone' }
    }
    const cell = row.cells.get(column)
    cell.values.add(value)
    return (fate) => { if (fate === 'done') cell.values = new Set([value]) }
  }

  #insert(rows, owner, owners) {
    const made = rows.map(({ id, ...cells }) => {
      const values = ([column, value]) => [column, { owner: owners[column] ?? owner, values: new Set([value]) }]
      const row = { owner, state: 'perhaps', cells: new Map(Object.entries(cells).map(values)) }
      this.#rows.set(id, row)
      return row
    })
    return (fate) => {
      if (fate === 'done') for (const row of made) row.state = 'here'
      else this.#unanswered.push(rows.map(({ id }) => id))
    }
  }

  /** A read at any moment, by an owner with no write under way: all that was acknowledged to it is there, and of
   * the others' cells it never sees an older value than before. `seen` is the reading context's memory. */
  checkRead(rows, owner, seen) {
    const shown = byId(rows)
    for (const [id, row] of this.#rows) {
      if (row.owner === owner) checkPresence(id, row, shown)
      if (!shown.has(id)) continue
      for (const [column, cell] of row.cells) {
        const value = shown.get(id)[column]
        if (cell.owner === owner) checkValue(id, column, cell, value)
        const place = `${id}.${column}`
        assert.ok(numberOf(value) >= (seen.get(place) ?? 0), `${place} went back to ${value}`)
        seen.set(place, numberOf(value))
      }
    }
    for (const id of shown.keys()) assert.ok(this.#rows.has(id), `a row that nobody wrote: ${id}`)
  }

  /** A quiet moment: nothing is under way, and these are the rows of every context. */
  settle(rows) {
    const shown = byId(rows)
    for (const id of shown.keys()) assert.ok(this.#rows.has(id), `a row that nobody wrote: ${id}`)
    for (const ids of this.#unanswered) {
      const there = ids.filter((id) => shown.has(id)).length
      assert.ok(there === 0 || there === ids.length, `of one request ${there} of ${ids.length} rows are there`)
    }
    this.#unanswered = []
    for (const [id, row] of this.#rows) {
      checkPresence(id, row, shown)
      row.state = shown.has(id) ? 'here' : 'gone'
      if (!shown.has(id)) continue
      for (const [column, cell] of row.cells) {
        const value = shown.get(id)[column]
        checkValue(id, column, cell, value)
        cell.values = new Set([value])
      }
    }
  }
}

function checkPresence(id, { state }, shown) {
  if (state === 'here') assert.ok(shown.has(id), `an acknowledged row is lost: ${id}`)
  if (state === 'gone') assert.ok(!shown.has(id), `a removed row is back: ${id}`)
}

function checkValue(id, column, { values }, value) {
  assert.ok(values.has(value), `${id}.${column} shows ${value}, not ${[...values].join(' or ')}`)
}

/** Rows by id, each of them once. */
function byId(rows) {
  const found = new Map(rows.map((row) => [row.id, row]))
  assert.equal(found.size, rows.length, 'a row is shown twice')
  return found
}

const numberOf = (value) => Number(value.split(':')[1])

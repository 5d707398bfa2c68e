// Random writes, valid and not: inserts, bulk inserts, updates, upserts and deletes with every kind of answer.
//
// Chosen without looking at any answer, so that both sides get the same. Not chosen: another user's id (row-level
// security is the server's to enforce), another key for a row (left to the server), writes without a filter.

import { filterPairs, oneEach, poolOf, randomFilter } from './reads.mjs'
import { POOLS } from './samples.mjs'

const WRITABLE = Object.keys(POOLS)
const RETURNS = [undefined, 'minimal', 'representation', 'representation', 'headers-only']
const BAD_VALUES = {
  n: ['x', 1.5, 99999999999], small: [40000, 'one'], big: ['x'], price: ['abc', '99999999999'], exact: ['--1'], ratio: ['x'], 
  day: ['2025-02-30', 'soon'], at: ['2025-13-45', 'never'], moment: ['x'], clock: ['25:00'], kind: ['more than twelve characters'], id: ['1', 'not-a-uuid'], labels: ['a', '{'],
}
const BAD_BODIES = ['', '{', '[1]', '[{"id":1},{"title":2}]']

/** A write as a request. */
export function randomWrite(random, data) {
  const kind = random.pick(['insert', 'insert', 'bulk', 'update', 'update', 'upsert', 'delete'])
  const request = MAKERS[kind](random, data)
  if (random.chance(7)) return wrongWrite(random, data, request)
  return request
}

const MAKERS = {
  insert: (random, data) => post(random, newRow(random, data, newKey(random, data))),
  bulk: (random, data) => {
    const columns = someColumns(random)
    return post(random, random.several(1, 5, () => newRow(random, data, newKey(random, data), columns)))
  },
  upsert: (random, data) => {
    const columns = someColumns(random)
    const rows = random.several(1, 4, () => newRow(random, data, random.chance(60) ? random.pick(data.ids) : newKey(random, data), columns))
    return post(random, random.chance(30) ? rows[0] : rows, random.pick(['merge-duplicates', 'merge-duplicates', 'ignore-duplicates']))
  },
  update: (random, data) => {
    const values = Object.fromEntries(random.some(WRITABLE, 4).map((column) => [column, bodyValue(random, data, column)]))
    return filtered(random, data, 'PATCH', JSON.stringify(values))
  },
  delete: (random, data) => filtered(random, data, 'DELETE'),
}

/** Mostly a key of its own; sometimes one that is taken. */
function newKey(random, data) {
  if (random.chance(8)) return random.pick(data.ids)
  const id = random.uuid()
  data.ids.push(id)
  return id
}

const someColumns = (random) => ['title', ...random.some(WRITABLE.filter((column) => column !== 'title'), 8)]

function newRow(random, data, id, columns = someColumns(random)) {
  return Object.fromEntries([['id', id], ...columns.map((column) => [column, bodyValue(random, data, column)])])
}

const REQUIRED = ['title', 'done', 'made_at']
const NUMBERS = ['small', 'n', 'price', 'ratio']

/** A value as an app would put it into JSON; numbers that JSON's readers would round go as text. */
function bodyValue(random, data, column) {
  if (random.chance(REQUIRED.includes(column) ? 1 : 12)) return null
  const text = random.pick(poolOf(column, data))
  if (column === 'meta') return JSON.parse(text)
  if (column === 'done') return text === 'true'
  if (column === 'labels') return random.pick([[], ['a'], ['a', 'b'], ['c d', 'e,f'], ['é', '日本']])
  if (NUMBERS.includes(column) && Number.isFinite(Number(text)) && random.chance(60)) return Number(text)
  return text
}

function post(random, body, resolution) {
  const prefer = preferences(random, resolution && `resolution=${resolution}`)
  const parameters = [random.chance(30) && `select=${random.pick(['id,title', 'id,n,price', '*'])}`, resolution && random.chance(40) && 'on_conflict=id'].filter(Boolean)
  return { method: 'POST', path: path(parameters), headers: { prefer }, body: JSON.stringify(body), ordered: false }
}

function filtered(random, data, method, body) {
  const byKey = () => ({ column: 'id', operator: 'in', operand: random.several(1, 3, () => random.pick(data.ids)) })
  const filters = [random.chance(method === 'DELETE' ? 90 : 65) ? byKey() : randomFilter(random, data)]
  if (random.chance(70)) filters.push(randomFilter(random, data))
  const prefer = preferences(random)
  const headers = { prefer }
  if (prefer.includes('representation') && random.chance(12)) return singular(random, data, { method, headers, body })
  return { method, path: path(filterPairs(oneEach(filters, data))), headers, body, ordered: false }
}

/** Of one row or none: lite keeps what it has written to several before it answers 406. */
function singular(random, data, { method, headers, body }) {
  const filters = filterPairs([{ column: 'id', operator: 'eq', operand: random.pick([...data.ids, random.uuid()]) }])
  return { method, path: path(filters), headers: { ...headers, accept: 'application/vnd.pgrst.object+json' }, body, ordered: true }
}

function preferences(random, ...more) {
  const returning = random.pick(RETURNS)
  const count = random.chance(20) && 'count=exact'
  return [returning && `return=${returning}`, count, ...more].filter(Boolean).join(',')
}

const path = (parameters) => `samples${parameters.length > 0 ? '?' : ''}${parameters.join('&')}`

function wrongWrite(random, data, request) {
  const headers = { ...request.headers, prefer: 'return=representation' }
  if (request.method === 'DELETE') return { ...request, path: `samples?${random.pick(['nope=eq.1', 'n=eq.x', 'n=similar.1'])}` }
  if (random.chance(25)) return { ...request, headers, body: random.pick(BAD_BODIES) }
  const wrong = random.pick([{ nope: 1 }, { title: null }, { done: null }, bad(random), bad(random), bad(random)])
  if (request.method === 'PATCH') return { ...request, headers, body: JSON.stringify(wrong) }
  return { ...request, headers, body: JSON.stringify({ id: newKey(random, data), title: 'x', ...wrong }) }
}

function bad(random) {
  const column = random.pick(Object.keys(BAD_VALUES))
  return { [column]: random.pick(BAD_VALUES[column]) }
}

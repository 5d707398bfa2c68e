// Random reads: one specification, written as a plain request or as a chain of supabase-js calls.
//
// Where rows are cut (limit, offset, range, single) the order ends with the key, since otherwise Postgres
// itself is free to answer any rows. Some are wrong on purpose: a bad literal, an unknown column or operator.

import { COLUMNS, POOLS } from './samples.mjs'

const TEXT = ['title', 'code', 'note', 'kind']
const UNORDERED = ['meta', 'labels']
const COMPARISONS = ['eq', 'neq', 'gt', 'gte', 'lt', 'lte']
const PATTERNS = ['%', '%a%', 'A%', '%E', 'é%', '_pple', '%\\%%', 'c%p', '*ap*', '%,%', '%"%', '%\\_%', 'STRA%', '%日%', 'п%', '%.%', '', '_', '%(%', 'a,b']
const BAD = {
  n: ['x', '1.5', '', '99999999999'], small: ['40000', 'one'], big: ['1e3', 'x'], price: ['abc', '1,5'], exact: ['--1'], ratio: ['x', '1e400'],
  day: ['2025-02-30', 'soon', '2025-13-01'], at: ['tomorrowish', '2025-01-01T25:00:00Z'], moment: ['x'], clock: ['25:00', 'noon'], id: ['1', 'not-a-uuid'],
}
const PATHS = ['meta->>mood', 'meta->>who', 'meta->a->b->>0', 'meta->a->b->2->>c', 'meta->>0', 'meta->>1']
const PATH_VALUES = ['5', '10', 'Ann', 'Bob, Jr.', 'deep', 'two', '1', '-1.25']
const SELECTS = [
  '*', '*', '*', 'id,title', 'id,note,n', 'id,name:title,n', 'id,meta->>mood', 'id,who:meta->>who', 'id,meta->a->b', 'id,exact,price,big', 'id,at,day,moment,clock', 'id, title , done',
  'id,meta,labels', 'id,words:n::text', 'id,title,title', 'id,ratio,small,done,kind', 'id,code,made_at', '*,again:title', 'id,count:big::text,cost:price::text',
]
const WRONG = [
  { select: 'id,nope' }, { select: 'id,,n' }, { raw: 'nope=eq.1' }, { raw: 'n=is.nothing' }, { raw: 'n=equals.1' }, { raw: 'n=1' }, { raw: 'or=(n.eq.1' },
  { raw: 'or=()' }, { raw: 'or=(n.eq.1,nope.eq.2)' }, { raw: 'and=(n.eq.1))' }, { raw: 'id=in.1,2' }, { raw: 'order=nope' }, { raw: 'order=n.up' }, { raw: 'order=n.asc.nulls' },
  { raw: 'order=n.desc.nullsfirst.x' }, { raw: 'limit=-1' }, { raw: 'title=is.true' }, { raw: 'n=like.1%25' }, { raw: 'not.or=n.eq.1' },
]

/** Values that lite does not pass on as they are written (see compare.mjs); filters on PostgreSQL itself have them all. */
const UNLIKE_POSTGREST = {
  ...Object.fromEntries(TEXT.map((column) => [column, ['null', 'true', 'trail ', ' lead', '{curly}']])),
  big: POOLS.big.filter((text) => !Number.isSafeInteger(Number(text))),
  exact: POOLS.exact.filter((text) => text.length > 15),
  meta: POOLS.meta.filter((text) => !text.startsWith('{"') || text.includes('12345678901234567890')),
  labels: ['{}', '{"c d","e,f"}', '{NULL,a}'],
}

/** The values of a column in this run; ids are the rows' own. */
export function poolOf(column, data) {
  if (column === 'id') return data.ids
  if (column === 'user_id') return [data.user]
  return data.wild ? POOLS[column] : POOLS[column].filter((text) => !UNLIKE_POSTGREST[column]?.includes(text))
}

/** A read as a specification. */
export function randomRead(random, data) {
  if (random.chance(5)) return wrongRead(random, data)
  const spec = { select: random.pick(SELECTS), filters: oneEach(random.several(0, 3, () => randomFilter(random, data)), data), order: [], headers: {} }
  if (random.chance(25)) spec.logic = [randomGroup(random, data, 0)]
  if (random.chance(65)) spec.order = randomOrder(random)
  if (random.chance(35)) Object.assign(spec, randomCut(random))
  if (random.chance(30)) spec.count = random.pick(['exact', 'exact', 'planned', 'estimated'])
  spec.head = !spec.range && random.chance(8)
  if (random.chance(8)) singleRead(random, data, spec)
  if (isOrdered(spec)) spec.order.push({ column: 'id', direction: random.pick([undefined, 'asc', 'desc']) })
  return spec
}

/** Whether the order of the answer is asked for. */
export const isOrdered = ({ order, limit, range, single }) => order.length > 0 || limit !== undefined || range !== undefined || single !== undefined

/** Of several filters on one column lite counts the last only. */
export function oneEach(filters, data) {
  return data.wild ? filters : filters.filter(({ column }, n) => filters.findIndex((other) => other.column === column) === n)
}

function wrongRead(random, data) {
  if (random.chance(45)) return { select: 'id', order: [], headers: {}, filters: [], ...random.pick(WRONG) }
  const column = random.pick(Object.keys(BAD))
  const bad = { column, negated: random.chance(20), operator: random.pick(COMPARISONS), operand: random.pick(BAD[column]) }
  return { select: 'id', order: [], headers: {}, filters: oneEach([bad, ...random.several(0, 1, () => randomFilter(random, data))], data) }
}

function randomCut(random) {
  if (random.chance(40)) {
    const from = random.below(30)
    return { range: [from, from + random.below(40)] }
  }
  const cut = { limit: random.pick([0, 1, 2, 5, 10, 50, 1000]) }
  if (cut.limit > 0 && random.chance(50)) cut.offset = random.pick([0, 1, 3, 20, 100, 5000])
  return cut
}

function singleRead(random, data, spec) {
  spec.single = random.pick(['single', 'single', 'maybeSingle'])
  spec.head = false
  if (random.chance(70)) spec.filters = [{ column: 'id', operator: 'eq', operand: random.pick([...data.ids, random.uuid()]) }]
}

function randomOrder(random) {
  const columns = random.some(COLUMNS.filter((column) => !UNORDERED.includes(column) && column !== 'id'), 3)
  return columns.map((column) => ({
    column: column === 'note' && random.chance(20) ? 'meta->>who' : column,
    direction: random.pick([undefined, 'asc', 'desc', 'desc']),
    nulls: random.pick([undefined, undefined, 'nullsfirst', 'nullslast']),
  }))
}

/** A condition on one column; `operand` is text, or a list for `in`. */
export function randomFilter(random, data) {
  const negated = random.chance(18)
  if (random.chance(6)) return { column: random.pick(PATHS), negated, ...pathTest(random) }
  const column = random.pick(COLUMNS)
  const values = poolOf(column, data)
  if (column === 'meta' || column === 'labels') return containment(random, column, negated, values)
  if (column === 'done' && random.chance(50)) return { column, negated, operator: 'is', operand: random.pick(['true', 'false', 'unknown', 'null']) }
  if (random.chance(12)) return { column, negated, operator: 'is', operand: 'null' }
  if (TEXT.includes(column) && random.chance(30)) return { column, negated, operator: random.pick(['like', 'ilike']), operand: random.pick(PATTERNS) }
  // One empty text in a list means an empty list to PostgREST, and one empty text to lite.
  const listed = data.wild ? values : values.filter((text) => text !== '')
  if (random.chance(18)) return { column, negated, operator: 'in', operand: random.several(1, 5, () => random.pick(listed)) }
  return { column, negated, operator: random.pick(COMPARISONS), operand: random.pick(values) }
}

const pathTest = (random) => random.pick([{ operator: 'is', operand: 'null' }, ...PATH_VALUES.map((operand) => ({ operator: random.pick(['eq', 'neq', 'like']), operand }))])

function containment(random, column, negated, values) {
  if (random.chance(30)) return { column, negated, operator: 'is', operand: 'null' }
  const operator = random.pick(column === 'meta' ? ['eq', 'neq', 'cs', 'cd'] : ['eq', 'neq', 'cs', 'cd', 'ov'])
  return { column, negated, operator, operand: random.pick(values) }
}

/** `and(…)` or `or(…)` with two to four conditions, some of them groups. */
export function randomGroup(random, data, depth = 0) {
  const deepest = data.wild ? 3 : 1
  const parts = random.several(2, 4, () => (depth < deepest && random.chance(25) ? randomGroup(random, data, depth + 1) : randomLeaf(random, data)))
  return { group: random.pick(['or', 'or', 'and']), negated: random.chance(20), parts }
}

/** A condition that may stand in a group; lite cannot read an escape there, nor a quoted pattern. */
function randomLeaf(random, data) {
  for (;;) {
    const filter = randomFilter(random, data)
    const text = [filter.operand].flat().join()
    if (data.wild || !(/[\\"]/.test(text) || (filter.operator.endsWith('like') && needsQuotes(text)))) return filter
  }
}

const needsQuotes = (text) => /[,().:"\\{}]|^\s|\s$|^$/.test(text)
const quoted = (text) => `"${text.replace(/[\\"]/g, '\\$&')}"`
const element = (text) => (/[,()"\\]|^\s|\s$|^$/.test(text) || text === 'null' ? quoted(text) : text)
const operation = ({ negated, operator, operand }, write) =>
  `${negated ? 'not.' : ''}${operator}.${Array.isArray(operand) ? `(${operand.map(element).join(',')})` : write(operand)}`

/** A condition as it stands inside a group. */
export function insideGroup(part) {
  if (part.group) return `${part.negated ? 'not.' : ''}${part.group}(${part.parts.map(insideGroup).join(',')})`
  return `${part.column}.${operation(part, (text) => (needsQuotes(text) && part.operator !== 'is' ? quoted(text) : text))}`
}

const orderTerm = ({ column, direction, nulls }) => [column, direction, nulls].filter(Boolean).join('.')
const pair = (name, value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`
export const filterPairs = (filters) => filters.map((filter) => pair(filter.column, operation(filter, (text) => text)))

/** The specification as a request: path below /rest/v1/, method, headers. */
export function toRequest(spec) {
  const parameters = [pair('select', spec.select), ...filterPairs(spec.filters)]
  for (const group of spec.logic ?? []) parameters.push(pair(`${group.negated ? 'not.' : ''}${group.group}`, `(${group.parts.map(insideGroup).join(',')})`))
  if (spec.order.length > 0) parameters.push(pair('order', spec.order.map(orderTerm).join(',')))
  if (spec.limit !== undefined) parameters.push(`limit=${spec.limit}`)
  if (spec.offset !== undefined) parameters.push(`offset=${spec.offset}`)
  if (spec.raw) parameters.push(spec.raw)
  const headers = { ...spec.headers }
  if (spec.range) headers.range = spec.range.join('-')
  if (spec.count) headers.prefer = `count=${spec.count}`
  if (spec.single) headers.accept = 'application/vnd.pgrst.object+json'
  return { method: spec.head ? 'HEAD' : 'GET', path: `samples?${parameters.join('&')}`, headers }
}

const JS_VALUES = { null: null, true: true, false: false }

/** The specification as supabase-js calls: [name, ...arguments], the first on `from`. */
export function toCalls(spec) {
  const calls = [['from', 'samples'], ['select', spec.select, { count: spec.count, head: spec.head }]]
  for (const { column, negated, operator, operand } of spec.filters) {
    const list = Array.isArray(operand) ? `(${operand.map(element).join(',')})` : operand
    if (negated) calls.push(['not', column, operator, list])
    else if (operator === 'is' && operand in JS_VALUES) calls.push(['is', column, JS_VALUES[operand]])
    else if (['cs', 'cd', 'ov', 'is'].includes(operator)) calls.push(['filter', column, operator, operand])
    else calls.push([operator, column, operand])
  }
  for (const { group, negated, parts } of spec.logic ?? []) {
    const text = parts.map(insideGroup).join(',')
    calls.push(['or', negated || group === 'and' ? `${negated ? 'not.' : ''}${group}(${text})` : text])
  }
  for (const { column, direction, nulls } of spec.order) {
    calls.push(['order', column, { ascending: direction !== 'desc', nullsFirst: nulls && nulls === 'nullsfirst' }])
  }
  if (spec.limit !== undefined && spec.offset === undefined) calls.push(['limit', spec.limit])
  if (spec.offset !== undefined) calls.push(['range', spec.offset, spec.offset + spec.limit - 1])
  if (spec.range) calls.push(['range', ...spec.range])
  if (spec.single) calls.push([spec.single])
  return calls
}

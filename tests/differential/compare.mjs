// Whether two answers are the same, and what is known to differ.
//
// Status, body (as JSON values, in order where an order was asked for), Content-Range and every field of an
// error must be equal, but for what follows. Each line is lite's or a planner's doing, not a matter of taste:
//
// - `count=planned` and `count=estimated` are guesses of the server's planner; here they are exact. Their total
//   and the statuses that follow from it (206, 416) are not compared.
// - lite reads numbers into JavaScript's: what is above 2^53 or longer than a double comes back rounded, so
//   bodies are compared after JSON.parse, which rounds ours alike; and NaN and Infinity of float columns come
//   back as null. The tables after the writes are compared by PostgreSQL's own text, digit by digit.
// - The server's own columns `_rev` and `_at`, which tc.fetch strips, and the moment that `default now()` gives.
// - Details and places of syntax errors (`PGRST100`) are a parser's own words: only code and status count.
// - `hint` of an unknown column is Postgres's guess at a similar name, which the engine does not make.
//
// - lite answers 21000 (one key twice in an upsert) with 400, PostgREST with 500.
// - A page that begins just behind the last row is 416 in lite, and empty in PostgREST.
// - A single object cut from several counted rows is 200 in lite, 206 in PostgREST.
// - A PATCH that counts and answers no rows has no range before its total in lite.
//
// Never asked of lite, because it does not answer as PostgREST does (the filters are asked of PostgreSQL itself,
// in filters.test.mjs): two filters on one column (the last counts), texts `null` and `true` (read as values), spaces at a text's ends (cut off), braces (read as arrays),
// integers above 2^53 and long decimals (rounded), jsonb scalars and arrays, empty arrays, escapes and quoted
// patterns inside groups, groups in groups in groups, `order` by a column that a cast hides; a HEAD with a Range
// header (obeyed), limit 0 with an offset, bodies that are neither object nor array (PostgREST takes them for an
// empty array), a single object asked of a write that returns none (not counted) or finds several (it is written
// all the same, though the answer is 406).

const STARTED = new Date().toISOString()
const RANGE_STATUSES = new Set([200, 206, 416])
const stable = (value) => JSON.stringify(value, (_, item) => (isObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item))
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Counts and statuses that are only guesses are left out of both. */
function withoutGuess(answer) {
  if (!RANGE_STATUSES.has(answer.status)) return answer
  return { ...answer, status: 'rows', range: answer.range?.replace(/\/.*/, ''), count: undefined, body: answer.status === 416 ? '[]' : answer.body }
}

/** A body or its data as a value: floats as lite has them, rows without an order sorted. */
function comparable(value, ordered) {
  if (!Array.isArray(value)) return row(value)
  const rows = value.map(row)
  return ordered ? rows : rows.map(stable).sort()
}

function row(value) {
  if (!isObject(value)) return value
  const { _rev, _at, ...columns } = value
  if (typeof columns.ratio === 'string') columns.ratio = null
  if (columns.made_at > STARTED) columns.made_at = 'now'
  return columns
}

function errorOf(value) {
  if (!isObject(value) || typeof value.message !== 'string' || !('hint' in value)) return value
  const { code, message, details, hint } = value
  if (code === 'PGRST100') return { code }
  if (code === '42703') return { code, message, details }
  return { code, message, details, hint }
}

const parsed = (text) => (text === '' ? '' : JSON.parse(text))

/** Of a counting PATCH only the total. */
const rangeOf = ({ range }, method) => (method === 'PATCH' && range && !range.endsWith('/*') ? range.replace(/.*\//, '*/') : range ?? null)

const isCutToOne = (local, remote) => local.status === 206 && remote.status === 200 && (isObject(local.data) || local.body?.startsWith('{') === true)
const isTwiceInOneUpsert = ({ status, body }) => status === 500 && parsed(body).code === '21000'

/** Both say that the page lies behind so many rows; only one calls it an error. */
const isJustBehind = (local, remote) => local.status === 206 && remote.status === 416 && ['[]', ''].includes(local.body) && local.range === remote.range

/** What differs between two answers to a plain request; empty if nothing. `ordered`: the order of rows counts. */
export function difference(local, remote, { ordered, guessed = false, method }) {
  if (isJustBehind(local, remote)) return []
  const [a, b] = guessed ? [withoutGuess(local), withoutGuess(remote)] : [local, remote]
  const value = ({ body }) => stable(errorOf(comparable(parsed(body), ordered)))
  return [
    a.status !== b.status && !isTwiceInOneUpsert(a) && !isCutToOne(a, b) && 'status',
    rangeOf(a, method) !== rangeOf(b, method) && 'content-range',
    value(a) !== value(b) && 'body',
  ].filter(Boolean)
}

/** The same of two answers of supabase-js. */
export function callDifference(local, remote, { ordered, guessed = false }) {
  if (local.status === 206 && local.data?.length === 0 && /offset of (\d+) .* only \1 rows/.test(remote.error?.details)) return []
  const count = ({ count }) => (guessed ? undefined : count)
  const status = ({ status }) => (guessed && RANGE_STATUSES.has(status) ? 'rows' : status)
  const data = ({ data, error }) => stable([comparable(data, ordered), errorOf(error)])
  return [
    status(local) !== status(remote) && !isCutToOne(local, remote) && 'status',
    count(local) !== count(remote) && 'count',
    !(guessed && [local.status, remote.status].includes(416)) && data(local) !== data(remote) && 'data',
  ].filter(Boolean)
}

/** Whether the engine left this to the server, and what it was. */
export function leftToServer(answer) {
  const error = typeof answer.body === 'string' ? (/"unsupported_offline"/.test(answer.body) ? parsed(answer.body) : null) : answer.error
  return error?.code === 'unsupported_offline' ? error.message : undefined
}

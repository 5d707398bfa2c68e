// Answers pulls from memory, as fast as the client can ask: a stand-in for `thermocline_pull` that fills the tables which are read.
//
// It speaks the protocol of src/protocol/pull.rs for one table and one round. Rows come in the order of their revs; a tenth of
// them was edited after all others were made, so rev order is not time order.

import { createHash } from 'node:crypto'
import { noteOf } from './rows.mjs'

const PATH = '/rest/v1/rpc/thermocline_pull'
const CURSOR = 'f111.1000:1000:'
/** A rev is a transaction's id and a number in it. */
const FIRST_REV = 900 * 2 ** 22
const EDITED = 10

/** `counts`: how many rows a user has, by user id. Answers whether the request was one of theirs. */
export function fillerFor(counts) {
  return async (request, response) => {
    if (request.method !== 'POST' || request.url !== PATH) return false
    const user = userOf(request.headers.authorization)
    if (!counts.has(user)) return false
    const page = pageOf(await bodyOf(request), user, counts.get(user))
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
    response.end(JSON.stringify(page))
    return true
  }
}

function pageOf({ tables, round, max_rows: limit }, user, count) {
  const from = tables.notes.cursor === null ? Number(round ?? 0) : count
  const to = Math.min(from + limit, count)
  const rows = Array.from({ length: to - from }, (_, at) => rowAt(from + at, user, count))
  const more = to < count
  return {
    status: 'ok', more, round: more ? String(to) : null, cursor: more ? null : CURSOR,
    pages: [{ t: 'notes', rows, gone: [], cold: [] }],
  }
}

/** Rev and row at a place of the round. `count` is a multiple of ten. */
function rowAt(place, user, count) {
  const edited = count / EDITED
  const n = place < count - edited
    ? Math.floor(place / (EDITED - 1)) * EDITED + (place % (EDITED - 1))
    : (place - (count - edited)) * EDITED + EDITED - 1
  return [String(FIRST_REV + place), noteOf(n, count, idOf(n, user), user)]
}

/** A uuid as a client would draw it, and the same at each call. */
function idOf(n, user) {
  const hex = createHash('md5').update(`${user} ${n}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}

function userOf(authorization = '') {
  try {
    return JSON.parse(Buffer.from(authorization.split('.')[1], 'base64url').toString()).sub
  } catch {
    return undefined // the publishable key is no token
  }
}

async function bodyOf(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return JSON.parse(Buffer.concat(parts).toString())
}

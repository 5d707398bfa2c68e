// The server's own time: the calls that a device makes, made one after another with nothing behind them. `take` of the stack's
// traffic tells how long they took.

import { group, insert } from '../../tests/sql/client.mjs'
import { noteOf } from '../rows.mjs'

const BATCH = 500
const PAGE = 1_000

async function call({ url, key }, { token }, name, body) {
  const answer = await fetch(`${url}/rest/v1/rpc/${name}`, {
    method: 'POST',
    headers: { apikey: key, authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ v: 1, client: 'direct', ...body }),
  })
  const said = await answer.json()
  if (said.status !== 'ok') throw new Error(`${name} answered ${answer.status}: ${JSON.stringify(said).slice(0, 300)}`)
  return said
}

/** Pushes so many inserts in full batches. */
export async function pushDirectly(stack, account, count) {
  for (let from = 0; from < count; from += BATCH) {
    const mutations = Array.from({ length: Math.min(BATCH, count - from) }, (_, n) => insert('notes', noteOf(from + n, count, crypto.randomUUID(), account.user)))
    await call(stack, account, 'thermocline_push', { batch: group(mutations, account.user) })
  }
}

/** Pulls everything, page by page; answers how many rows came. */
export async function pullDirectly(stack, account) {
  let rows = 0
  for (let round = null, more = true; more;) {
    const tables = { notes: { cursor: null, since: null } }
    const page = await call(stack, account, 'thermocline_pull', { tables, round, max_rows: PAGE, own_xids: [] })
    for (const part of page.pages) rows += part.rows.length
    ;({ round, more } = page)
  }
  return rows
}

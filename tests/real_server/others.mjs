// Somebody else at the same database: each line of the standard input is a transaction, `{ sql: [...], hold, commit }`, which
// stays open for `hold` milliseconds beside the others. Ends when its input has and the last of them is over.

import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.argv[2], max: 8 })
pool.on('error', () => undefined)
pool.on('connect', (client) => client.on('error', () => undefined))

async function transact({ sql, hold, commit }) {
  const client = await pool.connect()
  let broken
  try {
    await client.query('begin')
    for (const statement of sql) await client.query(statement)
    await sleep(hold)
    await client.query(commit ? 'commit' : 'rollback')
  } catch {
    await client.query('rollback').catch((error) => { broken = error })
  }
  client.release(broken)
}

const underWay = []
for await (const line of createInterface({ input: process.stdin })) underWay.push(transact(JSON.parse(line)))
await Promise.all(underWay)
await pool.end()

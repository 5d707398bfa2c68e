// Pull answered with PostgreSQL's own text, as PostgREST does: lite parses an rpc's answer and writes it anew,
// which rounds what a JavaScript number cannot hold and drops the zeros of 19.90.

import pg from 'pg'

const PULL = '/rest/v1/rpc/thermocline_pull'

/** A server's `intercept` that answers pulls from this database. */
export function exactPull(databaseUrl) {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 })
  pool.on('error', () => {}) // the cluster may stop before an idle connection has said goodbye
  const intercept = async (request, response) => {
    if (request.method !== 'POST' || request.url !== PULL) return false
    const text = await pull(pool, request.headers.authorization, await bodyOf(request))
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
    response.end(text)
    return true
  }
  return { intercept, close: () => pool.end() }
}

async function pull(pool, authorization, body) {
  const claims = Buffer.from(authorization.split('.')[1], 'base64url').toString()
  const { v, client: id, tables, round, max_rows: rowCount, own_xids: own = [] } = body
  const values = [v, id, JSON.stringify(tables), round, rowCount, JSON.stringify(own)]
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query(`select set_config('request.jwt.claims', $1, true), set_config('role', 'authenticated', true)`, [claims])
    const { rows } = await client.query(`select public.thermocline_pull($1, $2, $3, $4, $5, $6)::text as answer`, values)
    await client.query('commit')
    return rows[0].answer
  } finally {
    client.release()
  }
}

async function bodyOf(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString())
}

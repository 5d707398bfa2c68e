// Daybook on a Supabase of its own, on this machine: what `make demo` starts.
//
//   PORT=54321 BACKEND=pglite|postgres node scripts/demo.mjs
//
// The backend's data (PGlite's) is kept in target/demo; remove the folder to begin anew. The page signs
// the demo user in by itself: /config.json, which only this server has, names the user.

import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startPostgres } from '../supabase/dev/postgres.mjs'
import { KEYS, startServer } from '../supabase/dev/server.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DEMO = { email: 'demo@daybook.example', password: 'daybook-demo' }
const PORT = Number(process.env.PORT ?? 54321)
const BACKEND = process.env.BACKEND ?? 'pglite'

function answerConfig(key) {
  return (request, response) => {
    if (request.url !== '/config.json') return false
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(JSON.stringify({ key, demo: DEMO }))
    return true
  }
}

/** Signs the demo user up; one that is already there is as good. */
async function makeDemoUser({ url, anonKey }) {
  const call = (path) => fetch(`${url}/auth/v1/${path}`, {
    method: 'POST',
    headers: { apikey: anonKey, 'content-type': 'application/json' },
    body: JSON.stringify(DEMO),
  })
  if ((await call('signup')).ok) return
  const answer = await call('token?grant_type=password')
  if (!answer.ok) throw new Error(`the demo user can neither be signed up nor in: ${answer.status} ${await answer.text()}`)
}

async function main() {
  process.chdir(ROOT)
  mkdirSync('target', { recursive: true })
  const cluster = BACKEND === 'postgres' ? await startPostgres() : null
  const where = cluster ? { databaseUrl: await cluster.newDatabase() } : { dataDir: 'target/demo' }
  const server = await startServer({
    backend: BACKEND, port: PORT, staticDir: 'www/dist', intercept: answerConfig(KEYS.anonKey), ...where,
  })
  await makeDemoUser(server)
  console.log(`\nDaybook is at ${server.url}  (Supabase on ${BACKEND}; Ctrl+C ends it)`)
  console.log('Open it, add something, end this server, and go on working: what you write waits on your device.')
  const stop = async () => {
    await server.close()
    await cluster?.stop()
    process.exit(0)
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
}

main().catch((error) => {
  const busy = error.code === 'EADDRINUSE'
  console.error(busy ? `demo: port ${PORT} is in use; choose another: make demo PORT=54322` : `demo: ${error.stack}`)
  process.exit(1)
})

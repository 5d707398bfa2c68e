// Daybook on a Supabase of its own, on this machine: what `make demo` starts.
//
//   PORT=54321 BACKEND=pglite|postgres node scripts/demo.mjs
//
// The backend's data (PGlite's) is kept in target/demo; remove the folder to begin anew. The page signs
// the demo user in by itself: /config.json, which only this server has, names the user.

import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { recipeNames } from '../supabase/dev/migrate.mjs'
import { startPostgres } from '../supabase/dev/postgres.mjs'
import { KEYS, startServer } from '../supabase/dev/server.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
export const DEMO = { email: 'demo@daybook.example', password: 'daybook-demo' }
const PORT = Number(process.env.PORT ?? 54321)
const BACKEND = process.env.BACKEND ?? 'pglite'

/** Starts the backend with the built Daybook on it, and the demo user; `options` are startServer's. */
export async function startDaybook(options = {}) {
  const { intercept = () => false } = options
  const server = await startServer({
    staticDir: fileURLToPath(new URL('../www/dist', import.meta.url)),
    ...options,
    intercept: async (request, response) => answerConfig(request, response, options.recipes) || (await intercept(request, response)),
  })
  await makeDemoUser(server)
  return server
}

function answerConfig(request, response, recipes = []) {
  if (request.url !== '/config.json') return false
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify({ key: KEYS.anonKey, recipes, demo: DEMO }))
  return true
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

const welcome = (url, kept) => `
Daybook is running at ${url}  (Supabase on ${BACKEND}, demo user ${DEMO.email})

  1. Open ${url} in a browser: you are signed in.
  2. On the page "Data", load 3,500 real entries. The page "Sync" shows them on their way.
  3. Press Ctrl+C here, or choose "Offline" in the browser's developer tools.
     Daybook goes on: search, write, edit, close the tab and open it again.
  4. Run make demo again, or go online: what you wrote reaches the server, once.
     Open a second browser profile to see it arrive there.

Ctrl+C ends the server. ${kept}
`

async function main() {
  process.chdir(ROOT)
  mkdirSync('target', { recursive: true })
  console.log(`demo: starting Supabase on ${BACKEND} (the first time takes a few seconds)`)
  const cluster = BACKEND === 'postgres' ? await startPostgres() : null
  const where = cluster ? { databaseUrl: await cluster.newDatabase() } : { dataDir: 'target/demo' }
  const server = await startDaybook({ backend: BACKEND, port: PORT, recipes: recipeNames(), ...where })
  const stop = async () => {
    console.log('\nStopping; the page goes on without a server.')
    await server.close()
    await cluster?.stop()
    process.exit(0)
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  console.log(welcome(server.url, cluster ? 'Its data goes with it.' : 'Its data stays in target/demo.'))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    const busy = error.code === 'EADDRINUSE'
    console.error(busy ? `demo: port ${PORT} is in use; choose another: make demo PORT=54322` : `demo: ${error.stack}`)
    process.exit(1)
  })
}

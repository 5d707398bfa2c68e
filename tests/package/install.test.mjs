// The package as its users get it: packed by npm, installed into a new Vite and TypeScript app, type-checked,
// built, and run in Chromium against the dev server.
//
// The app is tests/package/app. Its Database type is written as `supabase gen types typescript` writes the entries
// table; it is checked in, because that CLI is a binary that no package registry has. TypeScript, Vite and
// supabase-js are the repository's own, by link: only the package under test is installed, without a network.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startServer } from '../../supabase/dev/server.mjs'
import { makeProfile, openBrowser } from '../e2e/harness/browser.mjs'
import { newUser } from '../e2e/harness/stack.mjs'
import { until } from '../e2e/harness/until.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LINKED = ['typescript', 'vite', '@supabase/supabase-js']
const TIMEOUT_MS = 180_000
let app

before(() => {
  app = mkdtempSync(join(tmpdir(), 'thermocline-app-'))
  cpSync(join(ROOT, 'tests/package/app'), app, { recursive: true })
  const packed = run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', app], join(ROOT, 'pkg')).trim()
  run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', `./${packed}`], app)
  for (const name of LINKED) {
    const link = join(app, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), link)
  }
})

after(() => rmSync(app, { recursive: true, force: true }))

function run(program, args, cwd, more = {}) {
  try {
    return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...more } })
  } catch (error) {
    throw new Error(`${program} ${args.join(' ')} in ${cwd}:\n${error.stdout}${error.stderr}`)
  }
}

const tsc = (project) => run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project], app)

test('readme and licence are installed with the package', () => {
  const files = readdirSync(join(app, 'node_modules/thermocline'))
  assert.deepEqual(files.sort(), ['LICENSE', 'README.md', 'dist', 'package.json', 'wasm'])
})

test('every declaration that is exported is there', () => {
  for (const name of ['index', 'react', 'element', 'service-worker', 'types', 'errors']) {
    assert.ok(existsSync(join(app, `node_modules/thermocline/dist/${name}.d.ts`)), name)
  }
})

for (const [resolution, end] of [['bundler', 'json'], ['nodenext', 'nodenext.json']]) {
  test(`an app with the types of its database type-checks strictly, resolved by ${resolution}`, { timeout: TIMEOUT_MS }, () => {
    assert.equal(tsc(`tsconfig.${end}`), '')
  })

  test(`our own declarations, the worker's too, pass every check, resolved by ${resolution}`, { timeout: TIMEOUT_MS }, () => {
    assert.equal(tsc(`tsconfig.declarations.${end}`) + tsc(`tsconfig.worker.${end}`), '')
  })
}

const vite = (args, more) => run(process.execPath, [join(app, 'node_modules/vite/bin/vite.js'), 'build', ...args], app, more)

/** A page of the built app, in a browser of its own. */
async function openApp(t, options = {}) {
  const server = await startServer({ staticDir: join(app, 'dist'), ...options })
  const profile = makeProfile()
  const context = await openBrowser(profile)
  t.after(async () => {
    await context.close()
    profile.remove()
    await server.close()
  })
  const page = await context.newPage()
  await page.goto(server.url)
  await page.waitForSelector('body[data-ready]', { state: 'attached' })
  return { page, server }
}

test('the app builds, opens, signs up, writes and reads back in Chromium', { timeout: TIMEOUT_MS }, async (t) => {
  vite([])
  const { page, server } = await openApp(t)
  const given = [server.url, server.anonKey, newUser().email]
  const { written, read, pending, live, code } = await page.evaluate((all) => window.run(...all), given)
  assert.equal(written.title, 'Packed')
  assert.deepEqual(read.map(({ id, title, tags, status }) => ({ id, title, tags, status })), [{ id: written.id, title: 'Packed', tags: ['a'], status: 'open' }])
  assert.deepEqual({ pending, live, code }, { pending: 0, live: 1, code: 'unknown_table' })
  const stored = await server.sql('select id, title from public.entries')
  assert.deepEqual(stored.map(({ id, title }) => [id, title]), [[written.id, 'Packed']])
})

for (const [kind, address, type] of [
  ['a module', '/sw.js', 'module'],
  ['our classic script, by importScripts', '/classic.js', 'classic'],
  ['a classic script of the app\'s own bundler', '/bundled.js', 'classic'],
]) {
  test(`a page without a line of ours is answered by a worker that is ${kind}`, { timeout: TIMEOUT_MS }, async (t) => {
    if (type === 'classic') vite(['-c', 'vite.worker.config.js'], { WORKER: address.slice(1, -3) })
    // Whatever the page itself sends to the table ends here.
    const intercept = (req, res) => req.url.startsWith('/rest/v1/entries') && Boolean(res.writeHead(500).end())
    const { page, server } = await openApp(t, { intercept })
    const rows = await page.evaluate((all) => window.runPlain(...all), [server.url, server.anonKey, newUser().email, address, type])
    assert.deepEqual(rows.map(({ title }) => title), ['Answered by a worker'])
    const stored = () => server.sql('select title from public.entries')
    await until('the worker has sent it', async () => (await stored()).length === 1)
  })
}

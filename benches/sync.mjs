// Sync on a real PostgreSQL: ours beside RxDB's Supabase plugin, and both beside the server's own time.
//
//   node benches/sync.mjs [--quick]     a fifth of the rows, one pass
//
// Prints a table and writes target/bench/sync.json. How it is measured is in benches/README.md. The package must have been
// built before: `make bench-sync` does so.

import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { makeProfile, openBrowser } from '../tests/e2e/harness/browser.mjs'
import { tableOf } from './report.mjs'
import { measureDatabase } from './sync/database.mjs'
import { pullDirectly, pushDirectly } from './sync/direct.mjs'
import { linesOf, perThousand } from './sync/figures.mjs'
import { startSyncStack } from './sync/stack.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const REPORT = here('../target/bench')
const PAGE = here('../target/bench-page')
const FULL = { passes: 2, drained: 10_000, first: 100_000 }
const QUICK = { passes: 1, drained: 2_000, first: 20_000 }
/** Before the first pass, so that nothing measured is being compiled. */
const WARM_UP = 500
const STORES = ['ours', 'rxdb']
const TABLES = { ours: 'notes', rxdb: 'rx_notes' }
/** A busy machine measures its other work. */
const BUSY = 0.5

const progress = (text) => { if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text && `bench: ${text}`}`) }

/** What is measured with a server: each step is one store's turn. */
class Session {
  /** @type {Map<string, number[]>} */
  samples = new Map()

  constructor(stack, page) {
    Object.assign(this, { stack, page })
  }

  keep(figure, sample) {
    this.samples.set(figure, [...(this.samples.get(figure) ?? []), sample])
  }

  call(work, store, account, count) {
    const task = { user: account.user, project: account.project }
    return this.page.evaluate(([work, store, task, count]) => window.syncBench[work](store, task, count), [work, store, task, count])
  }

  /** A run in the page, its time and its traffic. */
  async run(work, store, account, count) {
    progress(`${work}, ${store}`)
    this.keep(`${work} ${store}`, await this.call(work, store, account, count))
    const traffic = perThousand(this.stack.traffic.take(), count)
    for (const [name, value] of Object.entries(traffic)) this.keep(`${work} ${name} ${store}`, value)
  }

  async drain(store, count) {
    const account = await this.stack.newAccount()
    await this.run('drain', store, account, count)
    const arrived = await this.stack.countOf(TABLES[store], account.user)
    if (arrived !== count) throw new Error(`${arrived} of ${count} rows of ${store} arrived`)
  }

  /** The same requests with no client behind them. */
  async direct(work, ask) {
    progress(`${work}, direct`)
    this.stack.traffic.take()
    await ask()
    this.keep(`${work} direct`, this.stack.traffic.take().took)
  }

  async warmUp(reader) {
    for (const store of STORES) {
      progress(`warming up: ${store}`)
      await this.call('drain', store, await this.stack.newAccount(), WARM_UP)
      await this.call('first', store, reader, WARM_UP)
    }
  }

  /** Another one goes first in each pass. */
  async pass(pass, { drained, first }, reader) {
    const turns = pass % 2 === 0 ? STORES : STORES.toReversed()
    for (const store of turns) await this.drain(store, drained)
    const writer = await this.stack.newAccount()
    await this.direct('drain', () => pushDirectly(this.stack, writer, drained))
    // RxDB takes minutes for it: once is enough.
    for (const store of pass === 0 ? STORES : ['ours']) await this.run('first', store, reader, first)
    await this.direct('first', () => pullDirectly(this.stack, reader))
  }
}

async function measure(stack, context, plan) {
  const page = await context.newPage()
  page.on('pageerror', (error) => console.error('page error:', error.message))
  page.setDefaultTimeout(0)
  await page.exposeFunction('clockStarts', () => { stack.traffic.take() })
  await page.goto(`${stack.url}/sync.html`)
  await page.waitForSelector('body[data-ready]', { state: 'attached' })
  const session = new Session(stack, page)
  progress('filling the tables')
  const [warm, reader] = [await stack.newAccount(), await stack.newAccount()]
  await stack.fill(warm.user, WARM_UP)
  await stack.fill(reader.user, plan.first)
  await session.warmUp(warm)
  for (let pass = 0; pass < plan.passes; pass++) await session.pass(pass, plan, reader)
  progress('the database alone')
  await measureDatabase(await stack.newDatabase(), plan.passes + 1, (figure, sample) => session.keep(figure, sample))
  return session.samples
}

async function main() {
  const plan = process.argv.includes('--quick') ? QUICK : FULL
  const load = loadavg()[0]
  await build({ configFile: here('browser/vite.config.mjs') })
  const stack = await startSyncStack(PAGE)
  const profile = makeProfile()
  try {
    const context = await openBrowser(profile)
    const version = context.browser()?.version() ?? ''
    const samples = await measure(stack, context, plan).finally(() => context.close())
    progress('')
    const lines = linesOf(samples, plan)
    mkdirSync(REPORT, { recursive: true })
    writeFileSync(`${REPORT}/sync.json`, `${JSON.stringify(lines, null, 2)}\n`)
    console.log(tableOf(lines).join('\n'))
    console.log(`\nMedians (of two the larger) of ${plan.passes} passes in Chromium ${version}, on PostgreSQL behind Supabase's lite server.`)
    console.log('Beside RxDB the ratio is its figure to ours, else ours to what the line names. Written to target/bench/sync.json.')
    if (load > BUSY * availableParallelism()) console.log(`The machine was busy (load ${load.toFixed(1)}): only the ratios mean something, and those little.`)
  } finally {
    profile.remove()
    await stack.close()
  }
}

await main()

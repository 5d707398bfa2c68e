// Thermocline beside hand-written IndexedDB and Dexie, in one Chromium, in turns.
//
//   node benches/run.mjs [--quick]     --quick: three passes instead of five, strict writes only
//
// Prints a table and writes target/bench/report.json. How it is measured is in benches/README.md. The
// package must have been built before: `make bench` does so.

import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { availableParallelism, loadavg } from 'node:os'
import { build } from 'vite'
import { makeProfile, openBrowser } from '../tests/e2e/harness/browser.mjs'
import { linesOf, OURS, PEERS, planOf, SCALE, WARM_UP } from './plan.mjs'
import { entryOf, tableOf } from './report.mjs'
import { startBenchServer } from './server.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const REPORT = here('../target/bench')
const STORES = [...OURS, ...PEERS]
/** A busy machine measures its other work. */
const BUSY = 0.5

const progress = (text) => { if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`) }

/** Another store goes first in each pass. */
const inTurn = (pass) => STORES.map((_, at) => STORES[(at + pass) % STORES.length])

async function openPage(context, url) {
  const page = await context.newPage()
  page.on('pageerror', (error) => console.error('page error:', error.message))
  await page.goto(url)
  await page.waitForSelector('body[data-ready]', { state: 'attached' })
  return page
}

function measure(page, { kind, call, durability }, store, server, scale = SCALE) {
  const { project, user } = kind === 'write' ? server.writer : server.reader
  const task = { store, durability, scale, project, user }
  return page.evaluate(([kind, call, task]) => (
    kind === 'reopen' ? window.bench.reopen(task) : window.bench[kind](call, task)
  ), [kind, call, task])
}

/** Samples of works that one page can do, by work and store. */
async function inOnePage(page, server, { passes, works }) {
  const samples = new Map(works.map((work) => [work, new Map(STORES.map((store) => [store, []]))]))
  for (const work of works.filter(({ kind }) => kind === 'write')) {
    for (const store of STORES) await measure(page, work, store, server, WARM_UP)
  }
  for (let pass = 0; pass < passes; pass++) {
    for (const work of works) {
      progress(`bench: pass ${pass + 1} of ${passes}: ${work.work}`)
      for (const store of inTurn(pass)) samples.get(work).get(store).push(await measure(page, work, store, server))
    }
  }
  return samples
}

/** Samples of what needs a browser that has just started: one for each figure. */
async function afterRestarts(profile, server, { passes, reopen }) {
  const samples = new Map(STORES.map((store) => [store, []]))
  for (let pass = 0; pass < passes; pass++) {
    for (const store of inTurn(pass)) {
      progress(`bench: restart ${pass + 1} of ${passes}: ${store}`)
      const context = await openBrowser(profile)
      const page = await openPage(context, server.url)
      samples.get(store).push(await measure(page, reopen, store, server))
      await context.close()
    }
  }
  return samples
}

function reportOf(samples) {
  return [...samples].flatMap(([work, byStore]) => linesOf(work).map((line) => (
    entryOf(line, byStore.get(line.via), Object.fromEntries(PEERS.map((peer) => [peer, byStore.get(peer)])))
  )))
}

async function main() {
  const plan = planOf(process.argv.includes('--quick'))
  const load = loadavg()[0]
  await build({ configFile: here('browser/vite.config.mjs') })
  const server = await startBenchServer(here('../target/bench-page'), SCALE.rows)
  const profile = makeProfile()
  try {
    const context = await openBrowser(profile)
    const page = await openPage(context, server.url)
    progress('bench: filling the databases')
    await page.evaluate((task) => window.bench.fill(task), { durability: 'strict', scale: SCALE, project: server.reader.project })
    const samples = await inOnePage(page, server, plan)
    const version = context.browser()?.version() ?? ''
    await context.close()
    samples.set(plan.reopen, await afterRestarts(profile, server, plan))
    progress('')
    const report = reportOf(samples)
    mkdirSync(REPORT, { recursive: true })
    writeFileSync(`${REPORT}/report.json`, `${JSON.stringify(report, null, 2)}\n`)
    console.log(tableOf(report).join('\n'))
    console.log(`\nMedians of ${plan.passes} passes in Chromium ${version}; the ratio says how many times quicker ours is.`)
    console.log('Ours writes an outbox entry with every row, the others do not. Written to target/bench/report.json.')
    if (load > BUSY * availableParallelism()) console.log(`The machine was busy (load ${load.toFixed(1)}): only the ratios mean something, and those little.`)
  } finally {
    profile.remove()
    await server.close()
  }
}

await main()

// How long a service worker takes that is not running, from a page's request to its answer: ours with many rows, and one by hand.
//
//   node benches/worker.mjs
//
// Prints a table and writes target/bench/worker.json. How it is measured is in benches/README.md. The package must have been
// built before: `make bench-worker` does so.

import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { makeProfile, openBrowser } from '../tests/e2e/harness/browser.mjs'
import { until } from '../tests/e2e/harness/until.mjs'
import { workerOf } from '../tests/e2e/harness/workers.mjs'
import { median, tableOf } from './report.mjs'
import { startBenchServer } from './server.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const REPORT = here('../target/bench')
const COUNTS = [10_000, 100_000]
const PASSES = 9
const ROWS = 50
const PLAIN = { name: 'plain', script: '/plain.js', rows: 1 }
/** A busy machine measures its other work. */
const BUSY = 0.5

/** A page in the scope of a worker of its own. */
async function openScope(context, url, { name, script }) {
  const page = await context.newPage()
  await page.goto(`${url}/${name}/`)
  await page.evaluate(async ({ script, scope }) => {
    const controlled = new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }))
    await navigator.serviceWorker.register(script, { type: 'module', scope })
    await controlled
  }, { script, scope: `/${name}/` })
  return page
}

/** Milliseconds from a request to the last byte of its answer. */
function ask(page, { key }, rows) {
  return page.evaluate(async ({ key, rows, path }) => {
    const from = performance.now()
    const answer = await fetch(path, { headers: { apikey: key } })
    const found = await answer.json()
    const took = performance.now() - from
    if (found.length !== rows) throw new Error(`${found.length} rows: ${JSON.stringify(found).slice(0, 200)}`)
    return took
  }, { key, rows, path: `/rest/v1/notes?order=at.desc&limit=${ROWS}` })
}

async function fill(context, server, count) {
  const page = await context.newPage()
  await page.goto(server.url)
  await page.waitForSelector('body[data-ready]', { state: 'attached' })
  await page.evaluate((given) => window.bench.fillTier(...given), [`worker${count}`, server.readers.get(count).project])
  await page.close()
  const { url, key } = server.readers.get(count).project
  const answer = JSON.stringify({ url, key, tables: ['notes'], name: `worker${count}` })
  return { name: `${count}`, script: `/ours.js?${new URLSearchParams({ answer })}`, rows: ROWS }
}

async function measure(context, server) {
  const given = [PLAIN]
  for (const count of COUNTS) given.push(await fill(context, server, count))
  const scopes = []
  for (const one of given) scopes.push({ ...one, page: await openScope(context, server.url, one), cold: [], running: [] })
  const worker = await workerOf(scopes[0].page, server.url)
  for (let pass = 0; pass < PASSES; pass++) {
    for (const scope of scopes) {
      await worker.stop()
      await until('no worker runs', () => !worker.isRunning())
      scope.cold.push(await ask(scope.page, server.writer.project, scope.rows))
      scope.running.push(await ask(scope.page, server.writer.project, scope.rows))
    }
  }
  return scopes
}

/** Here `ratio` is how many times as long ours takes. */
function reportOf([plain, ...ours]) {
  const figure = (samples) => Number(median(samples).toPrecision(3))
  return ours.flatMap(({ name, ...samples }) => [['cold', 'not running'], ['running', 'running']].map(([kind, words]) => ({
    work: `answer of a worker that is ${words}, ${Number(name).toLocaleString('en')} rows`,
    unit: 'ms',
    ours: figure(samples[kind]),
    peers: { 'by hand': figure(plain[kind]) },
    ratio: Number((median(samples[kind]) / median(plain[kind])).toPrecision(3)),
    target: null,
    met: null,
  })))
}

async function main() {
  const load = loadavg()[0]
  await build({ configFile: here('browser/vite.config.mjs') })
  const server = await startBenchServer(here('../target/bench-page'), COUNTS)
  const profile = makeProfile()
  const context = await openBrowser(profile)
  try {
    const report = reportOf(await measure(context, server))
    mkdirSync(REPORT, { recursive: true })
    writeFileSync(`${REPORT}/worker.json`, `${JSON.stringify(report, null, 2)}\n`)
    console.log(tableOf(report).join('\n'))
    console.log(`\nMedians of ${PASSES} passes; the ratio says how many times as long ours takes. Written to target/bench/worker.json.`)
    if (load > BUSY * availableParallelism()) console.log(`The machine was busy (load ${load.toFixed(1)}): only the ratios mean something, and those little.`)
  } finally {
    await context.close()
    profile.remove()
    await server.close()
  }
}

await main()

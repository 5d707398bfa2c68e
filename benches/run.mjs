// Thermocline beside other stores, in one Chromium, in turns.
//
//   node benches/run.mjs [--quick]     two passes instead of five, strict writes only, no million rows
//
// Prints a table and writes target/bench/report.json. How it is measured is in benches/README.md. The
// package must have been built before: `make bench` does so.

import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { availableParallelism, loadavg } from 'node:os'
import { build } from 'vite'
import { filesUnder } from '../scripts/build/inputs.mjs'
import { sizesOf } from '../scripts/build/sizes.mjs'
import { makeProfile } from '../tests/e2e/harness/browser.mjs'
import { linesOf, OURS, ownLines, planOf, WARM_UP } from './plan.mjs'
import { entryOf, ownEntryOf, tableOf } from './report.mjs'
import { startBenchServer } from './server.mjs'
import { Session } from './session.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const REPORT = here('../target/bench')
/** A busy machine measures its other work. */
const BUSY = 0.5

const progress = (text) => { if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text && `bench: ${text}`}`) }

async function measure(session) {
  const { passes } = session.plan
  await session.withPage(async (page) => {
    await session.fill(page)
    await session.warmUp(page)
    for (let pass = 0; pass < passes; pass++) await session.pass(page, pass)
  })
  for (let pass = 0; pass < passes; pass++) await session.restarts(pass)
  await session.tiers()
}

function reportOf({ plan, samples }) {
  const lines = linesOf(plan).map(({ key, via, ...line }) => {
    const peers = Object.entries(Object.fromEntries(samples.get(key))).filter(([store]) => !OURS.includes(store))
    return entryOf(line, samples.get(key).get(via), Object.fromEntries(peers))
  })
  const own = (figure) => samples.get(figure)?.get('ours')
  const owns = ownLines().filter(({ figure }) => own(figure)).map((line) => ownEntryOf(line, own(line.figure), own(line.of)))
  return [...lines, ...owns]
}

/** What the package costs a visitor, in kB. */
function shippedSize() {
  const files = filesUnder([here('../pkg/wasm'), here('../pkg/dist')]).filter((file) => /\.(wasm|js)$/.test(file) && !file.endsWith('.classic.js'))
  return sizesOf(files).brotli / 1_000
}

async function main() {
  const plan = planOf({ quick: process.argv.includes('--quick') })
  const load = loadavg()[0]
  await build({ configFile: here('browser/vite.config.mjs') })
  const server = await startBenchServer(here('../target/bench-page'), [WARM_UP.rows, ...plan.tiers])
  const profile = makeProfile()
  try {
    const session = new Session(plan, server, profile, progress)
    session.keep({ shipped: shippedSize() }, 'ours')
    await measure(session)
    progress('')
    const report = reportOf(session)
    mkdirSync(REPORT, { recursive: true })
    writeFileSync(`${REPORT}/report.json`, `${JSON.stringify(report, null, 2)}\n`)
    console.log(tableOf(report).join('\n'))
    console.log(`\nMedians of ${plan.passes} passes in Chromium ${session.version}; the ratio says how many times quicker ours is.`)
    console.log('Ours writes an outbox entry with every row, the others do not. Written to target/bench/report.json.')
    for (const [store, reason] of session.absent) console.log(`${store} is not in the run: ${reason}`)
    if (load > BUSY * availableParallelism()) console.log(`The machine was busy (load ${load.toFixed(1)}): only the ratios mean something, and those little.`)
  } finally {
    profile.remove()
    await server.close()
  }
}

await main()

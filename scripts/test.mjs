// Runs the test suites and adds them up.
//
//   node scripts/test.mjs [SUITE...]        all suites, or the named ones
//
// Each suite's output goes to target/test-logs/<suite>.log; a failing one shows its failures and the
// end of its log. The last line is always `N passed, N failed`. The exit status is 0 only if every
// suite ran at least one test and none failed.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readSettings } from './build/settings.mjs'
import { readCounts } from './test/counts.mjs'
import { runLogged } from './test/run.mjs'
import { BUILDS, suites } from './test/suites.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LOGS = 'target/test-logs'
const TAIL_LINES = 40
const FAILURES_SHOWN = 30
const BUILD_LIMIT_MS = 8 * 60_000

const settings = readSettings(join(ROOT, 'wasm-pack.toml'))
const TEST_ENV = { WASM_BINDGEN_TEST_TIMEOUT: String(settings.test['timeout-seconds']) }

function choose(names) {
  const all = suites(ROOT, settings)
  const unknown = names.filter((name) => !all.some((suite) => suite.name === name))
  if (unknown.length > 0) {
    console.error(`test: no such suite: ${unknown.join(', ')}; there are: ${all.map(({ name }) => name).join(', ')}`)
    process.exit(2)
  }
  return names.length === 0 ? all : all.filter((suite) => names.includes(suite.name))
}

const live = (text) => { if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`) }

async function runSuite(suite) {
  const started = performance.now()
  live(`  …    ${suite.name}`)
  const showLast = (text) => live(`  …    ${suite.name.padEnd(14)} ${text.trim().split('\n').at(-1).slice(0, 90)}`)
  const log = join(LOGS, `${suite.name}.log`)
  const { output, status } = await runLogged({ ...suite, env: TEST_ENV }, log, showLast)
  const counts = readCounts(suite.format, output, status)
  const seconds = (performance.now() - started) / 1000
  live('')
  console.log(line(suite.name, counts, seconds))
  if (counts.failed > 0) explain(counts, output, log)
  return { name: suite.name, ...counts, seconds }
}

function line(name, { passed, failed, skipped }, seconds) {
  const left = skipped > 0 ? `, ${skipped} skipped` : ''
  const counts = `${String(passed).padStart(5)} passed ${String(failed).padStart(4)} failed${left}`
  return `  ${failed > 0 ? 'FAIL' : 'ok  '} ${name.padEnd(14)}${counts} ${`${seconds.toFixed(1)} s`.padStart(9)}`
}

function explain({ failures, problem }, output, log) {
  if (problem) console.log(`       the suite ${problem}`)
  for (const name of failures.slice(0, FAILURES_SHOWN)) console.log(`       failed: ${name}`)
  const tail = output.trimEnd().split('\n').slice(-TAIL_LINES)
  console.log([`       the end of ${log}:`, ...tail.map((text) => `       | ${text}`)].join('\n'))
}

const builds = new Map()

/** Builds what a suite needs, each thing once; answers whether all of it is there. */
async function isBuilt(needs) {
  for (const what of needs) {
    if (!builds.has(what)) builds.set(what, await build(what))
    if (!builds.get(what)) return false
  }
  return true
}

async function build(what) {
  live(`  …    building: ${what}`)
  const log = join(LOGS, `build-${what}.log`)
  const { output, status } = await runLogged({ program: process.execPath, args: BUILDS[what], limitMs: BUILD_LIMIT_MS }, log)
  live('')
  if (status === 0) return true
  console.log(`  FAIL build: ${what} did not build; the suites that need it are not run`)
  explain({ failures: [], problem: null }, output, log)
  return false
}

const NOT_RUN = { passed: 0, failed: 1, skipped: 0, failures: [], problem: 'was not run' }

async function main(names) {
  process.chdir(ROOT)
  mkdirSync(LOGS, { recursive: true })
  const results = []
  for (const suite of choose(names)) {
    const ready = await isBuilt(suite.needs)
    results.push(ready ? await runSuite(suite) : { name: suite.name, ...NOT_RUN, seconds: 0 })
  }
  const total = (figure) => results.reduce((sum, result) => sum + result[figure], 0)
  if (total('skipped') > 0) console.log(`${total('skipped')} skipped`)
  console.log(`${total('passed')} passed, ${total('failed')} failed`)
  process.exitCode = total('failed') === 0 ? 0 : 1
}

await main(process.argv.slice(2))

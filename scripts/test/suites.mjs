// The table of test suites. Rust files in tests/ are suites by their name; every folder of tests/
// with *.test.mjs files is a suite of its own name, so a new folder needs no entry here.

import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { testArguments } from '../build/settings.mjs'

const MINUTE = 60_000
const LIMIT_DEFAULT_MS = 5 * MINUTE
const LIMITS_MS = { unit: 8 * MINUTE, sql: 8 * MINUTE, behaviours: 12 * MINUTE, web: 20 * MINUTE, e2e: 20 * MINUTE, contexts: 10 * MINUTE, package: 8 * MINUTE }
/** What has to be built before a suite's tests; a folder not named here needs the package. */
const NEEDS = { house: [], sql: [], functions: [], server: [], backend: [], daybook: [], e2e: ['package', 'daybook'], fuzz: ['fuzz'] }
/** Suites of JavaScript outside tests/. */
const ELSEWHERE = { backend: 'supabase', daybook: 'www' }

/** Scripts that build what suites need; each does nothing when nothing changed. */
export const BUILDS = { package: ['scripts/build-pkg.mjs', '--quiet'], daybook: ['scripts/build-www.mjs'], fuzz: ['scripts/build-fuzz.mjs'] }

/**
 * All suites that have tests, cheapest first. `settings` is wasm-pack.toml, read.
 * A suite: { name, program, args, format: 'cargo' | 'node', limitMs, needs }; `needs` are keys of BUILDS.
 */
export function suites(root, settings) {
  return [...rustSuites(root, settings), ...nodeSuites(root)].map((suite) => ({
    limitMs: LIMITS_MS[suite.name] ?? LIMIT_DEFAULT_MS,
    needs: [],
    ...suite,
  }))
}

function rustSuites(root, settings) {
  const names = rustTests(join(root, 'tests'))
  const web = names.filter((name) => name.startsWith('web_'))
  const behaviours = names.filter((name) => name !== 'architecture' && !name.startsWith('web_'))
  const found = []
  if (names.includes('architecture')) found.push(cargoSuite('architecture', ['--test', 'architecture']))
  found.push(cargoSuite('unit', ['--lib']))
  if (behaviours.length > 0) found.push(cargoSuite('behaviours', behaviours.flatMap((name) => ['--test', name])))
  if (web.length > 0) {
    found.push({ name: 'web', program: 'wasm-pack', args: testArguments(settings, root, web), format: 'cargo' })
  }
  return found
}

const cargoSuite = (name, select) => ({
  name, program: 'cargo', args: ['test', '--locked', '--no-fail-fast', ...select], format: 'cargo',
})

/** Cargo's own rule: tests/<name>.rs and tests/<name>/main.rs are test programs. */
function rustTests(folder) {
  return readdirSync(folder).sort().flatMap((entry) => {
    if (entry.endsWith('.rs')) return [entry.slice(0, -3)]
    return existsSync(join(folder, entry, 'main.rs')) ? [entry] : []
  })
}

function nodeSuites(root) {
  const folders = readdirSync(join(root, 'tests')).sort().map((name) => [name, join('tests', name)])
  return [...folders, ...Object.entries(ELSEWHERE)].flatMap(([name, folder]) => {
    const files = testFiles(join(root, folder)).map((file) => file.slice(root.length))
    if (files.length === 0) return []
    // One file at a time: many start a server or a browser, and the machine may have two cores.
    const args = ['--test', '--test-reporter=spec', '--test-concurrency=1', ...files]
    return [{ name, program: process.execPath, args, format: 'node', needs: NEEDS[name] ?? ['package'] }]
  })
}

function testFiles(folder) {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return []
  return readdirSync(folder).sort().flatMap((entry) => {
    if (entry === 'node_modules' || entry === 'dist') return []
    const path = join(folder, entry)
    if (statSync(path).isDirectory()) return testFiles(path)
    return entry.endsWith('.test.mjs') ? [path] : []
  })
}

// Named mutants: each patch in tests/mutants takes one fix out, and the proofs must find it.
//
//   node scripts/mutants.mjs [NAME...]      all mutants, or the named ones
//
// What git tracks is copied to target/mutants/source and patched there, one mutant after the other in the same
// place, so that each compiles in seconds. The simulation is asked first, then, where the patch is of the
// library, the model checker, and last the tests of engine and driver: who finds it is told. Logs are in
// target/mutants/logs. The last line is `N killed, N survived`; the exit status is 0 only if none survived.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { copyTracked } from './test/copy.mjs'
import { runLogged } from './test/run.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PATCHES = 'tests/mutants'
const SOURCE = 'target/mutants/source'
const LOGS = 'target/mutants/logs'
const SEEDS = '8000'
const LIMIT_MS = 8 * 60_000
const ENV = { SEEDS, START: '1', CARGO_TARGET_DIR: join(ROOT, 'target/mutants/build') }

function choose(names) {
  const all = readdirSync(PATCHES).filter((file) => file.endsWith('.patch')).sort().map((file) => basename(file, '.patch'))
  const unknown = names.filter((name) => !all.includes(name))
  if (unknown.length > 0) {
    console.error(`mutants: no such mutant: ${unknown.join(', ')}; there are: ${all.join(', ')}`)
    process.exit(2)
  }
  return names.length === 0 ? all : names
}

/** Who finds it, and by what; null if nobody does. */
async function verdict(name) {
  const patch = join(PATCHES, `${name}.patch`)
  copyTracked(ROOT, SOURCE)
  execFileSync('git', ['apply', `--directory=${SOURCE}`, patch])
  await mustBuild(name)
  const { output, status } = await cargo(['--test', 'simulation'], `${name}-simulation.log`)
  if (status !== 0) return bySimulation(output)
  if (!/^\+\+\+ b\/src\//m.test(readFileSync(patch, 'utf8'))) return null
  const model = await cargo(['--test', 'model'], `${name}-model.log`)
  if (model.status !== 0) return byModel(model.output)
  const tests = await cargo(['--no-fail-fast', '--test', 'engine', '--test', 'driver'], `${name}-tests.log`)
  return tests.status === 0 ? null : byTest(tests.output)
}

async function mustBuild(name) {
  const { output, status } = await cargo(['--no-run', '--test', 'simulation'], `${name}-build.log`)
  if (status !== 0) throw new Error(`${name} does not compile:\n${output}`)
}

const cargo = (select, log) => runLogged({
  program: 'cargo',
  args: ['test', '--quiet', '--locked', '--profile', 'simulation', '--manifest-path', join(SOURCE, 'Cargo.toml'), ...select],
  limitMs: LIMIT_MS,
  env: ENV,
}, join(LOGS, log))

function bySimulation(output) {
  const [, seed, said] = /seed (\d+) failed: (?:assertion .* failed: )?(.*)/.exec(output) ?? []
  return seed && /invariants? \d/.test(said) ? `seed ${seed}, ${said.slice(0, 100)}` : null
}

function byModel(output) {
  const [said] = /invariants? \d[^"\n]*/.exec(output) ?? []
  return said ? `the model, ${said.slice(0, 100)}` : null
}

function byTest(output) {
  const [, test] = /^---- (\S+) stdout ----$/m.exec(output) ?? []
  return test ? `neither of the two, but the test ${test}` : null
}

async function main(names) {
  process.chdir(ROOT)
  mkdirSync(LOGS, { recursive: true })
  let survived = 0
  const chosen = choose(names)
  for (const name of chosen) {
    const found = await verdict(name)
    if (found === null) survived += 1
    console.log(found === null ? `  SURVIVED ${name}` : `  killed   ${name}: ${found}`)
  }
  console.log(`${chosen.length - survived} killed, ${survived} survived`)
  process.exitCode = survived === 0 ? 0 : 1
}

await main(process.argv.slice(2))

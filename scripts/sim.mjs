// Runs the simulation over many seeds, compiled for speed.
//
//   SEEDS=10000 START=1 node scripts/sim.mjs
//
// Its last line is `N runs, N steps passed`; where a seed fails, the one command that replays it. With TRACE=1
// a world tells what happens in it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const SEEDS_DEFAULT = '10000'
const CARGO = ['test', '--quiet', '--locked', '--profile', 'simulation', '--test', 'simulation', '--', '--nocapture']

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const env = { ...process.env, SEEDS: process.env.SEEDS || SEEDS_DEFAULT, START: process.env.START || '1', RUST_BACKTRACE: '0' }
const child = spawn('cargo', CARGO, { env, stdio: ['ignore', 'pipe', 'pipe'] })
// What the worlds say is on stderr, what the test harness says on stdout.
let harness = ''
child.stdout.setEncoding('utf8').on('data', (text) => { harness += text })
const exit = once(child, 'exit')
let figures = null
for await (const line of createInterface({ input: child.stderr })) {
  if (/^\d+ runs, \d+ steps passed$/.test(line)) figures = line
  else console.log(line)
}
const [status] = await exit
const passed = status === 0 && figures !== null
if (passed) {
  const steps = Number(/(\d+) steps/.exec(figures)[1])
  const seconds = Number(/finished in ([\d.]+)s/.exec(harness)?.[1])
  if (seconds > 0) console.log(`${(steps / seconds * 60 / 1e6).toFixed(1)} million steps a minute`)
  console.log(figures)
}
process.exitCode = passed ? 0 : 1

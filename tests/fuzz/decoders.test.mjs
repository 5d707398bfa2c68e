// The decoders under a fuzzer, for a bounded time: its kept corpus first, then what it makes of it (invariant 12).
//
// FUZZ_SECONDS (of each target) and FUZZ_SEED may be given. See fuzz/README.md for longer runs.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SECONDS = Number(process.env.FUZZ_SECONDS ?? 3)
const SEED = process.env.FUZZ_SEED ?? 0 // the fuzzer's own choice
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const BUILT = join(ROOT, 'target/fuzz')
const ARTIFACTS = join(BUILT, 'artifacts')
const LIMITS = ['-timeout=10', '-rss_limit_mb=1024', '-max_len=4096']

for (const target of readdirSync(join(ROOT, 'fuzz/fuzz_targets')).map((file) => file.replace('.rs', ''))) {
  test(`${target}: no bytes make it panic, none are read otherwise than they were written`, () => {
    mkdirSync(ARTIFACTS, { recursive: true })
    const found = mkdtempSync(join(tmpdir(), 'thermocline-fuzz-')) // what it finds; the kept corpus stays as it is
    try {
      const args = [`-max_total_time=${SECONDS}`, `-seed=${SEED}`, ...LIMITS, `-artifact_prefix=${ARTIFACTS}/${target}-`, found, `fuzz/corpus/${target}`]
      const { status, stderr } = spawnSync(programOf(target), args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 })
      assert.equal(status, 0, story(target, stderr))
      const [, units] = /INITED .*corp: (\d+)/.exec(stderr) ?? []
      assert.ok(Number(units) > 1, `the kept corpus was not read:\n${stderr.slice(-2_000)}`)
    } finally {
      rmSync(found, { recursive: true, force: true })
    }
  })
}

/** Cargo puts it below the machine's own target triple. */
function programOf(target) {
  const triple = readdirSync(BUILT).find((name) => name.split('-').length >= 3)
  return join(BUILT, triple, 'release', target)
}

/** What the fuzzer said, and how to have it again. */
function story(target, stderr) {
  const [, artifact] = /Test unit written to (\S+)/.exec(stderr) ?? []
  const again = `${programOf(target)} ${artifact ?? ''}`
  const said = stderr.split('\n').filter((line) => !/^(#\d|\s*#\d|INFO|NOTE)/.test(line)).join('\n')
  return `${said.slice(0, 3_000)}\nagain: ${again}`
}

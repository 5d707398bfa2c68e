// Promises of the runner of one suite (scripts/test/run.mjs): a limit holds, and nothing stays behind.

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { runLogged } from '../../scripts/test/run.mjs'

const folder = mkdtempSync(join(tmpdir(), 'house-'))
after(() => rmSync(folder, { recursive: true }))
const bash = (script, limitMs = 10_000) => runLogged({ program: 'bash', args: ['-c', script], limitMs }, join(folder, 'log'))

test('output is returned and logged, the exit status is passed on', async () => {
  const { output, status } = await bash('echo out; echo err >&2; exit 3')
  assert.equal(status, 3)
  assert.match(output, /out\n/)
  assert.equal(readFileSync(join(folder, 'log'), 'utf8'), output)
})

test('a program that takes too long is ended with all its children', async () => {
  const proof = join(folder, 'a-child-lived')
  const { status } = await bash(`(sleep 0.8; touch ${proof}) & wait`, 200)
  assert.match(status, /took longer/)
  await setTimeout(1_000)
  assert.ok(!existsSync(proof))
})

test('a server that a program leaves behind is ended and does not hang the suite', async () => {
  const { status } = await bash('sleep 60 & exit 0')
  assert.equal(status, 0)
})

test('a program that does not exist is reported', async () => {
  const { status } = await runLogged({ program: 'no-such-program', args: [], limitMs: 1000 }, join(folder, 'log'))
  assert.match(status, /could not start no-such-program/)
})

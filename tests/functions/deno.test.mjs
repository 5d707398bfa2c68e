// The Edge Functions by themselves, in Deno: their types hold, and their own tests pass.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../../supabase/functions', import.meta.url))
const launcher = createRequire(import.meta.url).resolve('deno/bin.cjs')

function deno(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], {
    cwd: FOLDER, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
  })
  assert.equal(status, 0, `deno ${args.join(' ')}\n${stdout}${stderr}`)
  return stdout
}

test('the functions are well typed', () => {
  deno('check', '--no-lock', '--quiet', '.')
})

test('the functions pass their own tests', () => {
  const said = deno('test', '--no-lock', '--no-check', '--quiet', '.')
  assert.match(said, /ok \| [1-9]\d* passed \| 0 failed/)
})

// Promises of the named mutants (tests/mutants, scripts/mutants.mjs): each still takes out what it is named after.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FOLDER = join(ROOT, 'tests/mutants')

for (const file of readdirSync(FOLDER).sort()) {
  test(`the mutant ${file} says what it breaks, and applies`, () => {
    assert.match(file, /^[a-z-]+\.patch$/)
    assert.match(readFileSync(join(FOLDER, file), 'utf8'), /^# invariants? \d/)
    execFileSync('git', ['apply', '--check', join(FOLDER, file)], { cwd: ROOT, stdio: 'pipe' })
  })
}

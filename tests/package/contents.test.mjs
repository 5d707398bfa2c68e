// Promises of the packed package: it holds what it exports, and nothing that is not meant for its users.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const PACKAGE = fileURLToPath(new URL('../../pkg', import.meta.url))
const manifest = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'))

function packedFiles() {
  const answer = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: PACKAGE, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return JSON.parse(answer)[0].files.map(({ path }) => path)
}

const targets = (entry) => (typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(targets))

const unwritten = ['index', 'service-worker'].filter((name) => !existsSync(join(PACKAGE, `../ts/${name}.ts`)))

test('every exported file is packed', { skip: unwritten.length > 0 && `not written yet: ${unwritten}` }, () => {
  const packed = packedFiles()
  const missing = targets(manifest.exports).filter((target) => !packed.includes(target.replace('./', '')))
  assert.deepEqual(missing, [])
})

test('sources, tests and settings of the build are not packed', () => {
  const stray = packedFiles().filter((path) => !/^(dist|wasm)\/.*\.(js|d\.ts|wasm)$|^(package\.json|README\.md|LICENSE)$/.test(path))
  assert.deepEqual(stray, [])
})

test('the version is the same in the crate and in the package', () => {
  const crate = readFileSync(join(PACKAGE, '../Cargo.toml'), 'utf8')
  assert.equal(/^version = "(.+)"$/m.exec(crate)[1], manifest.version)
})

test('a worker knows its version, by which it keeps its module', () => {
  assert.ok(readFileSync(join(PACKAGE, 'dist/version.js'), 'utf8').includes(`VERSION = "${manifest.version}"`))
})

test('the classic worker is one script: it imports nothing and asks for no address of its own', () => {
  assert.doesNotMatch(readFileSync(join(PACKAGE, 'dist/service-worker.classic.js'), 'utf8'), /import\.meta|\bimport\s*[({'"]|^export\b/m)
})

test('the package carries its licence', () => {
  assert.ok(existsSync(join(PACKAGE, 'LICENSE')))
})

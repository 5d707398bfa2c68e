// Promises of wasm-pack.toml: every setting in it is honoured by scripts/build-wasm.mjs, and one that
// is not known is refused. wasm-pack and wasm-opt are played by scripts that note how they were called.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { buildArguments, readSettings, testArguments } from '../../scripts/build/settings.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const OURS = readFileSync(join(ROOT, 'wasm-pack.toml'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'wasm-pack-toml-'))
after(() => rmSync(folder, { recursive: true }))

/** Our file with some settings replaced, written to a place of its own. */
function settingsWith(changes) {
  let text = OURS
  for (const [name, value] of Object.entries(changes)) {
    assert.match(text, new RegExp(`^${name} = `, 'm'), `wasm-pack.toml has no setting ${name}`)
    text = text.replace(new RegExp(`^${name} = .*$`, 'm'), `${name} = ${JSON.stringify(value)}`)
  }
  const file = join(mkdtempSync(join(folder, 'settings-')), 'wasm-pack.toml')
  writeFileSync(file, text)
  return file
}

/** Programs named wasm-pack and wasm-opt, first on PATH, that write their arguments to a log. */
function standIns() {
  const bin = mkdtempSync(join(folder, 'bin-'))
  const log = join(bin, 'calls')
  const script = (also) => `#!/bin/sh\necho "$(basename "$0") $*" >>"${log}"\n${also}\n`
  const writeModule = 'while [ "$1" ]; do case $1 in --out-dir) d=$2;; --out-name) n=$2;; esac; shift; done\necho "built at $(pwd)" >"$d/${n}_bg.wasm"'
  writeFileSync(join(bin, 'wasm-pack'), script(writeModule), { mode: 0o755 })
  writeFileSync(join(bin, 'wasm-opt'), script('while [ "$1" ]; do [ "$1" = -o ] && echo optimized >"$2"; shift; done'), { mode: 0o755 })
  return { calls: () => readFileSync(log, 'utf8').trim().split('\n'), PATH: `${bin}:${process.env.PATH}` }
}

function build(changes) {
  const out = join('target', 'build', `try-${Math.random().toString(36).slice(2)}`)
  const { calls, PATH } = standIns()
  after(() => {
    rmSync(join(ROOT, out), { recursive: true, force: true })
    rmSync(join(ROOT, `target/build/${out.replaceAll(/[^a-z0-9]+/gi, '-')}.inputs`), { force: true })
  })
  mkdirSync(join(ROOT, 'target/build'), { recursive: true })
  const file = settingsWith({ 'out-dir': out, ...changes })
  execFileSync(process.execPath, [join(ROOT, 'scripts/build-wasm.mjs'), file], { env: { ...process.env, PATH }, stdio: 'pipe' })
  return { out, calls: calls() }
}

test('profile, target, out-dir and out-name reach wasm-pack', () => {
  const { out, calls } = build({ profile: 'profiling', target: 'bundler', 'out-name': 'other' })
  assert.match(calls[0], /wasm-pack .*build .* --profile profiling --target bundler /)
  assert.match(calls[0], new RegExp(`--out-dir ${out} --out-name other `))
})

test('the flags of wasm-opt are run on the module, and its result is what stays', () => {
  const { out, calls } = build({ 'out-name': 'other', 'wasm-opt': ['-O3', '--strip-producers'] })
  assert.match(calls[1], new RegExp(`^wasm-opt -O3 --strip-producers ${out}/other_bg\\.wasm -o `))
  assert.equal(readFileSync(join(ROOT, out, 'other_bg.wasm'), 'utf8'), 'optimized\n')
})

test('no flags of wasm-opt: it is not run', () => {
  const { calls } = build({ 'wasm-opt': [] })
  assert.equal(calls.length, 1)
})

test('release and dev are wasm-pack\'s own flags', () => {
  assert.ok(buildArguments(readSettings(settingsWith({ profile: 'release' })), ROOT).includes('--release'))
  assert.ok(buildArguments(readSettings(settingsWith({ profile: 'dev' })), ROOT).includes('--dev'))
})

test('browsers, head and profile of the browser tests reach wasm-pack', () => {
  const ours = testArguments(readSettings(settingsWith({})), ROOT, ['web_smoke'])
  assert.deepEqual(ours, ['test', '--headless', '--chrome', ROOT, '--locked', '--test', 'web_smoke'])
  const other = readSettings(settingsWith({ browsers: ['firefox', 'safari'], headless: false }))
  assert.deepEqual(testArguments(other, ROOT, []).slice(0, 3), ['test', '--firefox', '--safari'])
})

test('a setting that nothing reads is refused by name', () => {
  const file = settingsWith({})
  writeFileSync(file, OURS.replace('[test]', 'scope = "mine"\n[test]'))
  assert.throws(() => readSettings(file), /build\.scope/)
})

test('a missing setting and one of the wrong type are refused by name', () => {
  const file = settingsWith({ 'wasm-opt': '-Oz' })
  assert.throws(() => readSettings(file), /build\.wasm-opt/)
  writeFileSync(file, OURS.replace(/^headless.*$/m, ''))
  assert.throws(() => readSettings(file), /test\.headless/)
})

test('the package really holds what wasm-pack.toml names', () => {
  const { build: settings } = readSettings(join(ROOT, 'wasm-pack.toml'))
  for (const end of ['.js', '.d.ts', '_bg.wasm']) {
    assert.ok(existsSync(join(ROOT, settings['out-dir'], settings['out-name'] + end)), `${settings['out-name']}${end}`)
  }
})

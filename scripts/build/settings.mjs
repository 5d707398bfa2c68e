// Reads wasm-pack.toml. It owns the list of settings that exist and refuses any other: a setting
// that is written down but has no effect would be worse than none.

import { readFileSync } from 'node:fs'
import { parse } from 'smol-toml'

const isText = (value) => typeof value === 'string' && value !== ''
const isFlag = (value) => typeof value === 'boolean'
const isCount = (value) => Number.isInteger(value) && value > 0
const isTexts = (value) => Array.isArray(value) && value.every(isText)

const isTestProfile = (value) => ['dev', 'release'].includes(value) // wasm-pack test knows no other

const SETTINGS = {
  build: { profile: isText, target: isText, 'out-dir': isText, 'out-name': isText, 'wasm-opt': isTexts },
  test: { browsers: isTexts, headless: isFlag, profile: isTestProfile, 'timeout-seconds': isCount },
}

/** The settings of `file`, complete and of the right types; throws with the name of the first that is not. */
export function readSettings(file) {
  const found = parse(readFileSync(file, 'utf8'))
  for (const [section, settings] of Object.entries(found)) {
    for (const name of Object.keys(settings)) {
      if (!SETTINGS[section]?.[name]) throw new Error(`${file}: nothing reads the setting ${section}.${name}`)
    }
  }
  for (const [section, settings] of Object.entries(SETTINGS)) {
    for (const [name, fits] of Object.entries(settings)) {
      if (!fits(found[section]?.[name])) throw new Error(`${file}: ${section}.${name} is missing or of the wrong type`)
    }
  }
  return found
}

const profileFlags = (profile) => (['release', 'dev'].includes(profile) ? [`--${profile}`] : ['--profile', profile])

/** The arguments of `wasm-pack` for a build. wasm-opt, package.json and .gitignore are our own affair. */
export function buildArguments({ build }, root) {
  return [
    'build', root, ...profileFlags(build.profile), '--target', build.target,
    '--out-dir', build['out-dir'], '--out-name', build['out-name'],
    '--no-opt', '--no-pack', '--no-gitignore', '--', '--locked', '--quiet',
  ]
}

/**
 * The arguments of `wasm-pack` for browser tests of the named files (`tests/<name>.rs`). Everything
 * after the path goes to cargo.
 */
export function testArguments({ test }, root, names) {
  return [
    'test', ...(test.profile === 'dev' ? [] : [`--${test.profile}`]), ...(test.headless ? ['--headless'] : []),
    ...test.browsers.map((browser) => `--${browser}`),
    root, '--locked', ...names.flatMap((name) => ['--test', name]),
  ]
}

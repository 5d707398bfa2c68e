// Builds the WebAssembly module as wasm-pack.toml says: wasm-pack, then wasm-opt. A second run with
// unchanged sources does nothing.
//
//   node scripts/build-wasm.mjs [SETTINGS-FILE]

import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fingerprint, unlessUnchanged } from './build/inputs.mjs'
import { buildArguments, readSettings } from './build/settings.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SOURCES = ['src', 'Cargo.toml', 'Cargo.lock', 'scripts/build-wasm.mjs', 'scripts/build/settings.mjs']

/** Builds if needed; true if it did. Paths in the settings are relative to the repository. */
export function buildWasm(settingsFile) {
  process.chdir(ROOT)
  const settings = readSettings(settingsFile)
  const { 'out-dir': folder, 'out-name': name, 'wasm-opt': flags } = settings.build
  const module = join(folder, `${name}_bg.wasm`)
  const compiler = execFileSync('rustc', ['--version'], { encoding: 'utf8' })
  const plan = {
    record: join('target/build', `${folder.replaceAll(/[^a-z0-9]+/gi, '-')}.inputs`),
    print: fingerprint([...SOURCES, settingsFile], [compiler]),
    products: [module, join(folder, `${name}.js`), join(folder, `${name}.d.ts`)],
  }
  return unlessUnchanged(plan, () => {
    console.log(`build: compiling the module to ${folder} (a minute or two when cold)`)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    run('wasm-pack', ['--log-level', 'warn', ...buildArguments(settings, ROOT)])
    if (flags.length > 0) optimize(module, flags)
  })
}

function optimize(module, flags) {
  const optimized = `${module}.optimized`
  run('wasm-opt', [...flags, module, '-o', optimized])
  renameSync(optimized, module)
}

// npm's programs come last on PATH: a native wasm-opt is quicker than npm's.
function run(program, args) {
  const PATH = [process.env.PATH, resolve('node_modules/.bin')].join(delimiter)
  execFileSync(program, args, { stdio: 'inherit', env: { ...process.env, PATH } })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  buildWasm(resolve(process.argv[2] ?? join(ROOT, 'wasm-pack.toml')))
}

// Builds the npm package in pkg/: the module into pkg/wasm, ts/ into pkg/dist. What is unchanged is
// not built again. Ends with what the package costs a visitor.
//
//   node scripts/build-pkg.mjs [--quiet]     --quiet: says nothing when there was nothing to do

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildWasm } from './build-wasm.mjs'
import { filesUnder, fingerprint, unlessUnchanged } from './build/inputs.mjs'
import { readSettings } from './build/settings.mjs'
import { sizeTable } from './build/sizes.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SETTINGS = join(ROOT, 'wasm-pack.toml')
const PROJECTS = ['ts/tsconfig.json', 'ts/tsconfig.worker.json']

// The module's JavaScript is an input: a changed boundary must be type-checked anew, and the classic worker holds it.
function buildTypeScript(wasm) {
  const sources = ['ts', 'tsconfig.json', 'package-lock.json', 'scripts/build-pkg.mjs', 'scripts/build/classic.mjs']
  const boundary = readdirSync(wasm).filter((name) => /\.(d\.ts|js)$/.test(name)).map((name) => join(wasm, name))
  const plan = {
    record: 'target/build/pkg-dist.inputs',
    print: fingerprint([...sources, ...boundary]),
    products: ['pkg/dist'],
  }
  return unlessUnchanged(plan, () => {
    console.log('build: compiling ts/ to pkg/dist')
    rmSync('pkg/dist', { recursive: true, force: true })
    for (const project of PROJECTS.filter(hasSources)) {
      execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project], { stdio: 'inherit' })
    }
    execFileSync(process.execPath, ['scripts/build/classic.mjs'], { stdio: 'inherit' })
  })
}

const hasSources = (project) => !project.includes('worker') || existsSync('ts/service-worker.ts')

function main() {
  process.chdir(ROOT)
  const wasm = readSettings(SETTINGS).build['out-dir']
  const built = [buildWasm(SETTINGS), buildTypeScript(wasm)].some(Boolean)
  if (!built && process.argv.includes('--quiet')) return
  // The classic worker is what the modules are, once more: a visitor gets the one or the other.
  const shipped = filesUnder([wasm, 'pkg/dist']).filter((file) => !file.endsWith('.classic.js'))
  console.log(sizeTable({
    module: shipped.filter((file) => file.endsWith('.wasm')),
    JavaScript: shipped.filter((file) => file.endsWith('.js')),
  }))
}

try {
  main()
} catch (error) {
  // The compilers have said what is wrong: their output is above.
  console.error(`build: failed: ${error.message.split('\n')[0]}`)
  process.exitCode = 1
}

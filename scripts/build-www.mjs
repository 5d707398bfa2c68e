// Builds Daybook, the PWA in www/, to www/dist by Vite, unless nothing that goes into it changed.
// The package must have been built before.
//
//   node scripts/build-www.mjs

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { fingerprint, unlessUnchanged } from './build/inputs.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Builds if needed; true if it did. */
export function buildWww() {
  process.chdir(ROOT)
  // What git would track: not what an earlier build left in the folder.
  const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'www'], { encoding: 'utf8' })
  const sources = [...tracked.trim().split('\n'), 'pkg/dist', 'pkg/wasm', 'package-lock.json', 'scripts/build-www.mjs']
  const plan = { record: 'target/build/www.inputs', print: fingerprint(sources), products: ['www/dist/index.html'] }
  return unlessUnchanged(plan, () => {
    console.log('build: building Daybook to www/dist')
    execFileSync('npm', ['run', 'build', '--silent', '-w', 'www', '--', '--logLevel', 'warn'], { stdio: 'inherit' })
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildWww()

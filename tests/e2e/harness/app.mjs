// The built app under test: made once, from the package as it is.

import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { fingerprint, unlessUnchanged } from '../../../scripts/build/inputs.mjs'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const CONFIG = fileURLToPath(new URL('app/vite.config.mjs', import.meta.url))

/** The folder of the built app. */
export async function builtApp() {
  process.chdir(ROOT)
  const print = fingerprint(['tests/e2e/harness/app', 'pkg/dist', 'pkg/wasm', 'package-lock.json'])
  let building = Promise.resolve()
  unlessUnchanged({ record: 'target/build/e2e-app.inputs', print, products: ['target/e2e-app/index.html'] }, () => {
    building = build({ configFile: CONFIG })
  })
  await building
  return fileURLToPath(new URL('../../../target/e2e-app', import.meta.url))
}

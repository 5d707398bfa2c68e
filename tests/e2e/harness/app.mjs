// The built apps under test: made once, from the package as it is.

import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { fingerprint, unlessUnchanged } from '../../../scripts/build/inputs.mjs'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** The folder of a built app: `app`, or `app-plain`, which has not a line of ours in its page. */
export async function builtApp(name = 'app') {
  process.chdir(ROOT)
  const print = fingerprint(['tests/e2e/harness/app', `tests/e2e/harness/${name}`, 'pkg/dist', 'pkg/wasm', 'package-lock.json'])
  let building = Promise.resolve()
  unlessUnchanged({ record: `target/build/e2e-${name}.inputs`, print, products: [`target/e2e-${name}/index.html`] }, () => {
    building = build({ configFile: `tests/e2e/harness/${name}/vite.config.mjs` })
  })
  await building
  return fileURLToPath(new URL(`../../../target/e2e-${name}`, import.meta.url))
}

// The app of React's under test, once for each of React's versions: made once, from the package as it is.

import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { fingerprint, unlessUnchanged } from '../../../scripts/build/inputs.mjs'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const FOLDER = fileURLToPath(new URL('react', import.meta.url))
const { resolve } = createRequire(import.meta.url)
const packageOf = (name) => dirname(resolve(`${name}/package.json`))

/** Names of the packages of each version. */
const PACKAGES = { 18: ['react-18', 'react-dom-18'], 19: ['react', 'react-dom'] }

/** The folder of the built app. */
export async function builtReactApp(version) {
  process.chdir(ROOT)
  const print = fingerprint([FOLDER, fileURLToPath(import.meta.url), 'pkg/dist', 'pkg/wasm', 'package-lock.json'])
  const outDir = `${ROOT}target/e2e-react-${version}`
  const [react, dom] = PACKAGES[version].map(packageOf)
  let building = Promise.resolve()
  unlessUnchanged({ record: `target/build/e2e-react-${version}.inputs`, print, products: [`${outDir}/index.html`] }, () => {
    building = build({
      configFile: false,
      root: FOLDER,
      logLevel: 'warn',
      mode: 'development', // React's warnings and StrictMode's double renders are in its development build alone
      define: { 'process.env.NODE_ENV': '"development"' },
      resolve: { alias: [{ find: /^react(?=\/|$)/, replacement: react }, { find: /^react-dom(?=\/|$)/, replacement: dom }] },
      build: { target: 'es2022', outDir, emptyOutDir: true, minify: false },
    })
  })
  await building
  return outDir
}

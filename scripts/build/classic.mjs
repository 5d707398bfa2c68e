// Bundles the service worker's entry into one classic script, in place: for `importScripts`, which knows no modules.

import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const NAME = 'service-worker.classic.js'
/** A classic script has no address of its own: the .wasm's is always given. */
const OWN_ADDRESS = /new URL\('\w+\.wasm', import\.meta\.url\)/

const withoutOwnAddress = {
  name: 'without-own-address',
  transform(code, id) {
    if (!/wasm[\\/]thermocline\.js$/.test(id)) return null
    if (!OWN_ADDRESS.test(code)) throw new Error('the module looks for its .wasm in another way: scripts/build/classic.mjs has to follow')
    return { code: code.replace(OWN_ADDRESS, 'undefined'), map: null }
  },
}

await build({
  root: ROOT,
  configFile: false,
  logLevel: 'warn',
  plugins: [withoutOwnAddress],
  build: {
    target: 'es2022',
    outDir: 'pkg/dist',
    emptyOutDir: false,
    copyPublicDir: false,
    rolldownOptions: { input: `pkg/dist/${NAME}`, output: { format: 'iife', entryFileNames: NAME } },
  },
})

// Builds the two pages of the benchmarks: production mode, as an app would ship it.

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  logLevel: 'warn',
  resolve: { dedupe: ['dexie'] }, // RxDB brings one of its own, and a page may hold only one
  legacy: { inconsistentCjsInterop: true }, // WatermelonDB's modules are CommonJS with a default
  build: { target: 'es2022', outDir: here('../../target/bench-page'), emptyOutDir: true, chunkSizeWarningLimit: 2_000, rolldownOptions: { input: [here('index.html'), here('sync.html')] } },
})

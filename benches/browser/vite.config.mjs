// Builds the two pages of the benchmarks and their workers: production mode, as an app would ship it.

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  logLevel: 'warn',
  resolve: { dedupe: ['dexie'] }, // RxDB brings one of its own, and a page may hold only one
  legacy: { inconsistentCjsInterop: true }, // WatermelonDB's modules are CommonJS with a default
  build: {
    target: 'es2022',
    outDir: here('../../target/bench-page'),
    emptyOutDir: true,
    chunkSizeWarningLimit: 2_000,
    rolldownOptions: {
      input: { index: here('index.html'), sync: here('sync.html'), ours: here('worker/ours.ts'), plain: here('worker/plain.ts') },
      output: { entryFileNames: ({ name }) => (['ours', 'plain'].includes(name) ? `${name}.js` : 'assets/[name]-[hash].js') },
    },
  },
})

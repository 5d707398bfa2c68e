// Builds the page of the benchmarks: production mode, as an app would ship it.

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  logLevel: 'warn',
  build: { target: 'es2022', outDir: here('../../target/bench-page'), emptyOutDir: true },
})

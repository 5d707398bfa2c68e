// Builds the app without a line of Thermocline; the service worker keeps its name.

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  logLevel: 'warn',
  build: {
    target: 'es2022',
    outDir: here('../../../../target/e2e-app-plain'),
    emptyOutDir: true,
    rollupOptions: {
      input: { page: here('./index.html'), sw: here('./sw.ts') },
      output: { entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
    },
  },
})

// A service worker bundled into one classic script: WORKER names its source.

const name = process.env.WORKER

export default {
  logLevel: 'warn',
  publicDir: false,
  build: {
    target: 'es2022',
    emptyOutDir: false,
    rollupOptions: { input: `src/${name}.ts`, output: { format: 'iife', entryFileNames: `${name}.js` } },
  },
}

export default {
  logLevel: 'warn',
  build: {
    target: 'es2022',
    rollupOptions: {
      input: { page: 'index.html', sw: 'src/sw.ts' },
      output: { entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
    },
  },
}

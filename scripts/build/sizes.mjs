// What the package costs a visitor: raw, gzip and brotli size of the module and of the JavaScript.

import { readFileSync } from 'node:fs'
import { brotliCompressSync, gzipSync } from 'node:zlib'

/** Sizes in bytes of the files together, each compressed by itself as a server would. */
export function sizesOf(files) {
  const sum = { raw: 0, gzip: 0, brotli: 0 }
  for (const file of files) {
    const bytes = readFileSync(file)
    sum.raw += bytes.length
    sum.gzip += gzipSync(bytes, { level: 9 }).length
    sum.brotli += brotliCompressSync(bytes).length
  }
  return sum
}

/** The sizes as lines of text; `groups` maps a label to files. */
export function sizeTable(groups) {
  const figure = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(11)
  const rows = Object.entries(groups).map(([label, files]) => {
    const { raw, gzip, brotli } = sizesOf(files)
    return `  ${label.padEnd(12)}${figure(raw)}${figure(gzip)}${figure(brotli)}`
  })
  return [`  ${'shipped'.padEnd(12)}${'raw'.padStart(11)}${'gzip'.padStart(11)}${'brotli'.padStart(11)}`, ...rows].join('\n')
}

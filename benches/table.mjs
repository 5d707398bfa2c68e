// Prints target/bench/report.json as a table in Markdown, for the README.
//
//   node benches/table.mjs

import { readFileSync } from 'node:fs'
import { cellsOf } from './report.mjs'

const { head, body, isText } = cellsOf(JSON.parse(readFileSync(new URL('../target/bench/report.json', import.meta.url), 'utf8')))
const rule = isText.map((text) => (text ? '---' : '--:'))
for (const cells of [head, rule, ...body]) console.log(`| ${cells.join(' | ')} |`)

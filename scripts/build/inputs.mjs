// Whether a build has anything to do: a fingerprint of everything it is made from, kept in target/.
// Contents count, not times: a fresh clone, a rebase or a touched file rebuilds nothing by itself.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** All files under the given files and folders, in a fixed order. */
export function filesUnder(paths) {
  return paths.flatMap((path) => {
    if (!existsSync(path)) return []
    if (!statSync(path).isDirectory()) return [path]
    return filesUnder(readdirSync(path).sort().map((name) => join(path, name)))
  })
}

/** A text that differs whenever a file under `paths`, or one of `words`, differs. */
export function fingerprint(paths, words = []) {
  const hash = createHash('sha256')
  for (const file of filesUnder(paths)) hash.update(`${file}\0`).update(readFileSync(file)).update('\0')
  for (const word of words) hash.update(`${word}\0`)
  return hash.digest('hex')
}

/** Runs `build` unless it ran before with the same fingerprint and its products still exist. */
export function unlessUnchanged({ record, print, products }, build) {
  const same = existsSync(record) && readFileSync(record, 'utf8') === print
  if (same && products.every((product) => existsSync(product))) return false
  build()
  mkdirSync(dirname(record), { recursive: true })
  writeFileSync(record, print)
  return true
}

// A copy of what git tracks. Files that are the same already are left alone, so that compilers see no change.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Makes `to` hold the tracked files of `root` as they are now, and forgets those it held that are gone. */
export function copyTracked(root, to) {
  const list = join(to, '.copied')
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
  const before = (read(list)?.toString() ?? '').split('\n').filter(Boolean)
  for (const gone of before.filter((file) => !files.includes(file))) rmSync(join(to, gone), { force: true })
  for (const file of files) copy(join(root, file), join(to, file))
  mkdirSync(to, { recursive: true })
  writeFileSync(list, files.join('\n'))
}

function copy(from, to) {
  const wanted = read(from)
  if (wanted === null) return rmSync(to, { force: true }) // tracked still, and removed
  if (read(to)?.equals(wanted)) return
  mkdirSync(dirname(to), { recursive: true })
  writeFileSync(to, wanted)
}

function read(file) {
  try {
    return readFileSync(file)
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw error
  }
}

// Runs one program for a suite: output to a log, a limit on its time, and no process left behind.

import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'

const KILL_AFTER_MS = 5_000
/** Plain and brief output: the counts are read from it, and its end is shown. */
const PLAIN = {
  CARGO_TERM_COLOR: 'never', CARGO_TERM_PROGRESS_WHEN: 'never', NO_COLOR: '1', FORCE_COLOR: '0', RUST_BACKTRACE: '0',
}

/**
 * Answers { output, status }: status is the exit code, or a text that says why it was stopped.
 * The program leads a process group of its own, which is ended as a whole at the limit, on an
 * interrupt and when the program is gone (a test that fails may leave its server).
 */
export async function runLogged({ program, args, limitMs, env = {} }, logFile, onText = () => {}) {
  const log = createWriteStream(logFile)
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...PLAIN, ...env },
  })
  let output = ''
  let stopped = null
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
      log.write(text)
      onText(text)
    })
  }
  const stop = (why) => {
    stopped ??= why
    endGroup(child.pid, 'SIGTERM')
    setTimeout(() => endGroup(child.pid, 'SIGKILL'), KILL_AFTER_MS).unref()
  }
  const interrupt = () => stop('was interrupted')
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  const timer = setTimeout(() => stop(`took longer than ${limitMs / 60_000} minutes`), limitMs)
  const status = await new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not start ${program}: ${error.message}`))
    child.once('exit', () => endGroup(child.pid, 'SIGTERM'))
    child.once('close', (code, signal) => resolve(code ?? `was ended by ${signal}`))
  })
  clearTimeout(timer)
  process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt)
  log.end()
  await finished(log)
  return { output, status: stopped ?? status }
}

function endGroup(pid, signal) {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error // ESRCH: nothing of it is left
  }
}

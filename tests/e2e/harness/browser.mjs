// Chromium with a profile on disk, so that it can be killed and opened again.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]

/** A folder for a profile, and its removal. */
export function makeProfile() {
  const folder = mkdtempSync(join(tmpdir(), 'thermocline-profile-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) }
}

/** Opens the browser on a profile; `context` is Playwright's, `name` the user agent that all its requests bear. */
export async function openBrowser(profile, { name, ...options } = {}) {
  return chromium.launchPersistentContext(profile.folder, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: name ? [...FLAGS, `--user-agent=${name}`] : FLAGS,
    ...options,
  })
}

/** Kills the browser of a profile as a power failure would: no shutdown, no flush. Its processes are found by
 * their command line, which names the profile. */
export async function killBrowser(context, profile) {
  const pids = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && runsOn(pid, profile.folder))
  const closed = new Promise((resolve) => context.once('close', resolve))
  for (const pid of pids) killQuietly(Number(pid))
  await closed
  rmSync(join(profile.folder, 'SingletonLock'), { force: true })
}

function runsOn(pid, folder) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`--user-data-dir=${folder}`)
  } catch {
    return false // it has ended meanwhile
  }
}

function killQuietly(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // A child that died with its parent.
  }
}


// Chromium as people run it: tabs that are hidden and frozen, a back/forward cache, one process a page.
//
// Playwright's own start makes every page believe it is in front, and such a page is never frozen. So the
// browser is started here and Playwright connects to it without its defaults.

import { spawn } from 'node:child_process'
import { chromium } from 'playwright-core'
import { killBrowser } from '../../e2e/harness/browser.mjs'

const FLAGS = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--no-default-browser-check',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--remote-debugging-port=0',
]
const START_MS = 20_000

/** Starts a browser on a profile; `name` is the user agent that all its requests bear. */
export async function startBrowser(profile, name) {
  const program = process.env.CHROMIUM ?? '/usr/bin/chromium'
  const child = spawn(program, [...FLAGS, `--user-agent=${name}`, `--user-data-dir=${profile.folder}`, 'about:blank'],
    { stdio: ['ignore', 'ignore', 'pipe'] })
  const browser = await chromium.connectOverCDP(await address(child), { noDefaults: true })
  const [context] = browser.contexts()
  let dead
  const kill = () => (dead ??= killBrowser(context, profile).then(() => browser.close()).catch(() => undefined))
  return { context, kill }
}

/** Where the browser listens for us; it says so on its standard error. */
async function address(child) {
  let said = ''
  child.stderr.setEncoding('utf8')
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the browser does not start: ${said.slice(-500)}`)), START_MS)
    child.stderr.on('data', (text) => {
      said = (said + text).slice(-10_000)
      const found = /DevTools listening on (ws:\S+)/.exec(said)
      if (!found) return
      clearTimeout(timer)
      resolve(found[1])
    })
    child.once('error', reject)
  })
}

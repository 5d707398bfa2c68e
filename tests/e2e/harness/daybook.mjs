// Daybook in Chromium: the built page on a dev server of its own, and pages signed in as the demo user,
// each in a fresh profile. What is opened here is closed after the test file.

import { after } from 'node:test'
import { chromium } from 'playwright-core'
import { buildWww } from '../../../scripts/build-www.mjs'
import { startDaybook } from '../../../scripts/demo.mjs'

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]
export const WIDE = { width: 1280, height: 860 }
export const NARROW = { width: 390, height: 844 }

/** Starts server and browser. `open(options)` gives a page of a new profile on the entries view. */
export async function daybook(serverOptions = {}) {
  buildWww()
  const server = await startDaybook(serverOptions)
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS })
  after(async () => {
    await browser.close()
    await server.close()
  })
  return {
    server,
    async open(options = {}) {
      const context = await browser.newContext({ viewport: WIDE, baseURL: server.url, ...options })
      const page = await context.newPage()
      await page.goto('/')
      await page.getByRole('heading', { name: 'Entries', level: 1 }).waitFor()
      return page
    },
  }
}

/** Goes to a view by its address and waits until its heading is there. */
export async function visit(page, hash, heading) {
  await page.goto(`/${hash}`)
  await page.getByRole('heading', { name: heading }).first().waitFor()
}

/** Writes an entry by the form and returns when it is saved on the device. */
export async function writeEntry(page, fields) {
  await visit(page, '#/entries/new', 'New entry')
  for (const [label, text] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(text)
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved on this device').waitFor()
}

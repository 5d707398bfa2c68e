// Signing out of Daybook with unsent changes: its reader may stay, send them first, keep or discard them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { violations } from './harness/axe.mjs'
import { daybook, NARROW, visit, WIDE, writeEntry } from './harness/daybook.mjs'

let isDown = false
const app = await daybook({ intercept: refuse })

function refuse(req, res) {
  if (!isDown || !req.url.includes('/rpc/thermocline_')) return false
  res.writeHead(503, { 'access-control-allow-origin': '*' })
  res.end()
  return true
}

for (const colorScheme of ['light', 'dark']) {
  test(`unsent changes are sent from the dialog, and only then the reader is signed out (${colorScheme})`, async () => {
    const viewport = colorScheme === 'dark' ? NARROW : WIDE
    const page = await app.open({ colorScheme, viewport, reducedMotion: 'reduce' })
    await visit(page, '#/sync', 'Sync')
    isDown = true
    await writeEntry(page, { Title: `Written ${colorScheme}` })
    await visit(page, '#/sync', 'Sync')
    await page.getByRole('button', { name: 'Sign out' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(/^1 change has not reached the server/).waitFor()
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/leaving-${colorScheme}.png` })
    assert.deepEqual(await violations(page), [])
    isDown = false
    await dialog.getByRole('button', { name: 'Send them now, then sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    assert.equal((await app.server.sql('select title from public.entries where title = $1', [`Written ${colorScheme}`])).length, 1)
    await page.context().close()
  })
}

// A session that ends while offline holds nothing back: the device needs no token to read and write,
// though supabase-js would first try for half a minute to get one (DESIGN 9).

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { daybook, visit, writeEntry } from './harness/daybook.mjs'

const QUICK_MS = 5_000
// supabase-js refreshes a token that ends within 90 s: this one it takes for ended from the start.
const app = await daybook({ jwtExpiry: 45 })

const indicator = (page, words) => page.getByRole('banner').locator('[part="state"]').filter({ hasText: words })

test('an expired session offline reads and writes at once, and syncs on return', async () => {
  const page = await app.open()
  await indicator(page, 'Synced').waitFor()
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined))
  await page.context().setOffline(true)
  const left = Date.now()
  await page.reload()
  await page.getByText(/^0 entries/).waitFor({ timeout: QUICK_MS })
  await writeEntry(page, { Title: 'With an old token' })
  assert.ok(Date.now() - left < QUICK_MS, `took ${Date.now() - left} ms`)
  await page.context().setOffline(false)
  await visit(page, '#/sync', 'Sync')
  await indicator(page, 'Synced').waitFor()
  const rows = await app.server.sql(`select title from public.entries`)
  assert.deepEqual(rows.map(({ title }) => title), ['With an old token'])
  await page.context().close()
})

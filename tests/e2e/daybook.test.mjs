// Daybook keeps its promises: it opens and works without a network, loads thousands of real rows by the
// ordinary write path and never twice, renders only what is asked for, and says what the server refused.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { daybook, visit, writeEntry } from './harness/daybook.mjs'

const app = await daybook()
const dataset = JSON.parse(readFileSync(new URL('../../www/dist/browser-features.json', import.meta.url), 'utf8'))
const LOAD_MS = 120_000

const indicator = (page, words) => page.getByRole('banner').locator('[part="state"]').filter({ hasText: words })
const serverHolds = async (where) => Number((await app.server.sql(`select count(*) as n from public.entries where ${where}`))[0].n)

/** The worker controls the page and has everything it needs to open it again. */
const readyForOffline = (page) => page.evaluate(async () => {
  await navigator.serviceWorker.ready
  if (!navigator.serviceWorker.controller) await new Promise((resolve) => { navigator.serviceWorker.oncontrollerchange = resolve })
})

async function load(page) {
  await visit(page, '#/data', 'Data')
  await page.getByRole('button', { name: /^Load/ }).click()
  await page.getByText('saved on this device in').waitFor({ timeout: LOAD_MS })
}

/** Clicks a button in the very moment in which it appears: loading takes half a second in all. */
const clickOnSight = (page, name) => page.evaluate((text) => new Promise((resolve) => {
  new MutationObserver((_, observer) => {
    const button = [...document.querySelectorAll('button')].find(({ textContent }) => textContent === text)
    if (!button) return
    observer.disconnect()
    button.click()
    resolve()
  }).observe(document.body, { subtree: true, childList: true })
}), name)

test('it opens offline, keeps what is written there, and sends it once when it is back', async () => {
  const page = await app.open()
  await readyForOffline(page)
  await indicator(page, 'Synced').waitFor()
  await page.context().setOffline(true)
  await page.reload()
  await writeEntry(page, { Title: 'Written offline', Text: 'čaj, 日記, 🌧️' })
  await indicator(page, /Offline|pending/).waitFor()
  await page.reload()
  await visit(page, '#/entries', 'Entries')
  await page.getByRole('link', { name: 'Written offline' }).waitFor()
  assert.equal(await serverHolds(`title = 'Written offline'`), 0)
  await page.context().setOffline(false)
  await visit(page, '#/sync', 'Sync')
  await page.getByRole('button', { name: 'Sync now' }).click()
  await indicator(page, 'Synced').waitFor()
  assert.equal(await serverHolds(`title = 'Written offline' and body = 'čaj, 日記, 🌧️'`), 1)
  await page.context().close()
})

test('the data set loads offline, loads again without a second copy, and reaches the server whole', async () => {
  const page = await app.open()
  await readyForOffline(page)
  await indicator(page, 'Synced').waitFor()
  await page.context().setOffline(true)
  await load(page)
  await load(page)
  await visit(page, '#/sync', 'Sync')
  await page.getByText(new RegExp(`${dataset.rows.length.toLocaleString('en')} changes`)).first().waitFor()
  await page.context().setOffline(false)
  await page.getByRole('button', { name: 'Sync now' }).click()
  await indicator(page, 'Synced').waitFor({ timeout: LOAD_MS })
  assert.equal(await serverHolds(`slug like 'browser-feature/%'`), dataset.rows.length)
  await page.context().close()
})

test('a long list renders fifty rows, and fifty more when asked; search and tags narrow it', async () => {
  const page = await app.open()
  await page.getByText(/^3,5\d\d entries$/).waitFor({ timeout: LOAD_MS })
  const rows = page.locator('.row')
  assert.equal(await rows.count(), 50)
  await page.getByRole('button', { name: 'Show 50 more' }).click()
  await page.waitForFunction(() => document.querySelectorAll('.row').length === 100)
  await page.getByLabel('Search entries').fill('abortcontroller')
  await page.getByText(/^\d+ entries found$/).waitFor()
  for (const text of await rows.allTextContents()) assert.match(text, /abortcontroller/i)
  await page.getByLabel('Search entries').fill('')
  await page.getByText(/^3,5\d\d entries$/).waitFor()
  await page.getByRole('combobox', { name: 'Tag' }).selectOption('webassembly')
  await page.getByText(/^\d+ entries found$/).waitFor()
  for (const text of await rows.allTextContents()) assert.match(text, /webassembly/)
  await page.context().close()
})

test('what the server refuses is listed with its reason, and hinders nothing else', async () => {
  await app.server.sql(`alter table public.entries add constraint entries_title_is_allowed check (title !~ '^Forbidden\\M')`)
  const page = await app.open()
  await indicator(page, 'Synced').waitFor()
  await writeEntry(page, { Title: 'Forbidden' })
  await writeEntry(page, { Title: 'Allowed' })
  await visit(page, '#/sync', 'Sync')
  await page.getByRole('button', { name: 'Sync now' }).click()
  await indicator(page, '1 refused').waitFor()
  const row = page.getByRole('listitem').filter({ hasText: 'Forbidden' })
  await row.getByText('Refused', { exact: true }).waitFor()
  await row.getByText(/entries_title_is_allowed/).waitFor()
  assert.equal(await serverHolds(`title = 'Allowed'`), 1)
  await page.context().close()
})

test('a load can be cancelled and taken up again', async () => {
  const page = await app.open()
  await visit(page, '#/data', 'Data')
  await page.getByRole('button', { name: 'Remove them' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await page.getByText('is removed from this device').waitFor({ timeout: LOAD_MS })
  const cancelled = clickOnSight(page, 'Cancel')
  await page.getByRole('button', { name: /^Load/ }).click()
  await cancelled
  await page.getByText(/^Stopped after/).waitFor()
  await load(page)
  await visit(page, '#/sync', 'Sync')
  await page.getByRole('button', { name: 'Sync now' }).click()
  await indicator(page, /Synced|refused/).waitFor({ timeout: LOAD_MS })
  assert.equal(await serverHolds(`slug like 'browser-feature/%'`), dataset.rows.length)
  await page.context().close()
})

// Daybook's storage: where the rows lie, tier by tier; what the reader lets go of leaves this device and nothing
// else, and only after a confirmation; damaged records are told of, exported and cleared.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { appendFrame } from '../contexts/harness/raw.mjs'
import { violations } from './harness/axe.mjs'
import { daybook, NARROW, visit, WIDE } from './harness/daybook.mjs'
import { until } from './harness/until.mjs'

const app = await daybook()
const [{ id: user }] = await app.server.sql('select id from auth.users')

/** Entries are named by their age in days. */
const AGES = [1, 2, 10, 40, 50, 60]
await app.server.sql(
  `insert into public.entries (user_id, title, created_at)
   select $1, 'Day ' || age, now() - age * interval '1 day' from unnest($2::int[]) age`, [user, AGES])

test('rows are shown by tier; old data goes once confirmed, but for what is unsent; the cache goes, too', async () => {
  const page = await openStorage()
  assert.equal(await tier(page, 'cold').innerText(), 'nothing')
  const [hot, warm] = await Promise.all(['hot', 'warm'].map(async (name) => Number(await tier(page, name).first().innerText())))
  assert.ok(hot + warm >= AGES.length && hot <= AGES.length && warm <= AGES.length, `${hot} in memory, ${warm} at rest`)
  await settle(page)
  await page.context().setOffline(true)
  await rename(page, 'Day 60', 'Changed offline')
  await visit(page, '#/sync', 'Sync')

  await press(page, 'Clear old data')
  await dialog(page).getByText('unsent changes').waitFor()
  await dialog(page).getByRole('button', { name: 'Cancel' }).click()
  assert.equal(await rows(page), AGES.length, 'a question is not an answer')
  await page.waitForFunction(() => document.activeElement?.textContent === 'Clear old data')
  await page.getByLabel('Older than').selectOption('30 days')
  await confirm(page, 'Clear old data')
  await page.getByText(/^2 rows \(.+\) left this device\. The server has them\.$/).waitFor()
  assert.equal(await rows(page), 4)
  assert.match(await tier(page, 'cold').innerText(), /^before \w+ \d+, \d{4}$/)
  assert.equal(Number((await app.server.sql('select count(*) as n from public.entries'))[0].n), AGES.length)
  await press(page, 'Clear old data')
  await dialog(page).getByRole('button', { name: 'Clear old data' }).click()
  await page.getByText('There was nothing to clear').waitFor()

  await page.context().setOffline(false)
  await settle(page)
  assert.equal((await app.server.sql(`select from public.entries where title = 'Changed offline'`)).length, 1, 'it was sent')
  await visit(page, '#/entries', 'Entries')
  await page.getByRole('link', { name: 'Day 40' }).waitFor()
  await visit(page, '#/sync', 'Sync')
  await until('the rows that were read through', async () => (await rows(page)) === AGES.length)
  await settle(page)
  await confirm(page, 'Clear cache')
  await page.getByText(/^3 rows \(.+\) left this device\./).waitFor()
  assert.equal(await rows(page), 3)
  await page.context().close()
})

test('sizes stand beside the rows, and what the files take and the browser allows', async () => {
  const page = await openStorage()
  for (const name of ['hot', 'warm']) assert.match(await tier(page, name).nth(1).innerText(), /^[\d.]+ (bytes|kB)$/)
  const facts = page.getByRole('region', { name: 'Storage' }).locator('.facts')
  assert.match(await facts.innerText(), /Segments\s+[\d.]+ (bytes|kB)\s+Log\s+[\d.]+ (bytes|kB)\s+Outbox \(0\)\s+0 bytes\s+Files\s+0 bytes/)
  await page.getByRole('progressbar', { name: /of the .+ this browser allows/ }).waitFor()
  await page.context().close()
})

test('the browser is asked to keep it, and its answer is told', async () => {
  const page = await openStorage()
  await answerPersist(page, false)
  await press(page, 'Ask the browser to keep it')
  await page.getByText('The browser did not promise it.').waitFor()
  await answerPersist(page, true)
  await press(page, 'Ask the browser to keep it')
  await page.locator('.hint').getByText('The browser has promised to keep it.').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Ask the browser' }).count(), 0)
  await page.context().close()
})

test('what goes wrong is told in plain words', async () => {
  const page = await openStorage()
  await page.evaluate(() => {
    const { transaction } = IDBDatabase.prototype
    IDBDatabase.prototype.transaction = function (stores, mode, ...more) {
      if (mode === 'readwrite') throw new DOMException('the disk is full', 'QuotaExceededError')
      return transaction.call(this, stores, mode, ...more)
    }
  })
  await confirm(page, 'Clear old data')
  await page.getByRole('region', { name: 'Storage' }).getByRole('alert').filter({ hasText: 'This device has no room left.' }).waitFor()
  assert.equal(await rows(page), AGES.length)
  await page.context().close()
})

for (const [colorScheme, viewport] of [['light', NARROW], ['dark', WIDE]]) {
  test(`damaged records are counted, exported as they are and cleared once confirmed: ${colorScheme}, ${viewport.width} px`, async () => {
    const page = await openStorage({ colorScheme, viewport, reducedMotion: 'reduce' })
    const told = page.getByText(/damaged record/)
    assert.equal(await told.count(), 0, 'nothing is said of what is not there')
    const seq = await damage(page, `Day 1, ${colorScheme}`)
    await page.getByText('1 damaged record (3 bytes) kept aside.').waitFor()
    assert.deepEqual(await violations(page), [])
    const download = page.waitForEvent('download')
    await press(page, 'Export')
    const file = await (await download).path()
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), [{ name: `frame/${seq}`, hex: '01fe00' }])
    await page.getByRole('button', { name: 'Clear', exact: true }).click()
    await dialog(page).getByText('Export it first').waitFor()
    assert.deepEqual(await violations(page), [])
    await dialog(page).getByRole('button', { name: 'Clear' }).click()
    await page.getByText('1 damaged record removed.').waitFor()
    assert.equal(await page.getByText('kept aside').count(), 0)
    assert.equal(await rows(page), 6)
    await page.context().close()
  })
}

/** A new device that has synced, on the sync page. */
async function openStorage(options) {
  const page = await app.open(options)
  await page.getByText('6 entries').waitFor()
  await visit(page, '#/sync', 'Sync')
  await until('the first pull', async () => (await tier(page, 'hot').count()) > 0 && (await rows(page)) === AGES.length)
  return page
}

const tier = (page, name) => page.locator(`[data-tier="${name}"] td`)

/** Rows on this device, each once, by the view's own figures. */
const rows = async (page) => Number(await page.locator('.tiers tfoot td').first().innerText())

/** Two rounds: until then what an answer of the server told stays in memory, so that no older page replaces it. */
async function settle(page) {
  for (let round = 0; round < 2; round++) {
    await press(page, 'Sync now')
    await page.getByRole('button', { name: 'Sync now' }).waitFor()
  }
  await page.getByRole('heading', { name: 'Everything is synced' }).waitFor()
}

const press = (page, name) => page.getByRole('button', { name }).click()
const dialog = (page) => page.getByRole('dialog')

async function confirm(page, name) {
  await press(page, name)
  await dialog(page).getByRole('button', { name }).click()
  await dialog(page).waitFor({ state: 'detached' })
}

async function rename(page, from, to) {
  await visit(page, '#/entries', 'Entries')
  await page.getByRole('link', { name: from }).click()
  await page.getByLabel('Title', { exact: true }).fill(to)
  await press(page, 'Save')
  await page.getByText('Saved on this device').waitFor()
}

const answerPersist = (page, answer) => page.evaluate((given) => {
  navigator.storage.persist = () => Promise.resolve(given)
  navigator.storage.persisted = () => Promise.resolve(given)
}, answer)

/** Writes three bytes into the log that are no frame; they are found at the next start. Their place. */
async function damage(page, title) {
  await rename(page, /^Day 1\b/, title) // an empty log has no record to stand beside
  const seq = await appendFrame(page, user, [0x01, 0xfe, 0x00])
  await page.reload()
  await visit(page, '#/sync', 'Sync')
  return seq
}

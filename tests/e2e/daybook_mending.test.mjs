// Daybook lets its reader mend what the server did not take: a refused change is tried again, edited or
// discarded, a conflict is settled for mine, theirs or from both; news of it appears wherever the reader is.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { violations } from './harness/axe.mjs'
import { daybook, NARROW, visit, WIDE, writeEntry } from './harness/daybook.mjs'
import { until } from './harness/until.mjs'

const app = await daybook()
await app.server.sql(`alter table public.entries add constraint entries_title_is_allowed check (title !~ '\\mForbidden')`)
await app.server.sql(`update thermocline.tables set policy = 'ask' where name = 'entries'`)

test('a refused change is edited and tried again, and reaches the server; the keyboard is not lost', async () => {
  const page = await openSynced()
  await refuse(page, { Title: 'Forbidden tea', Text: 'Green.', Amount: '2.50' })
  const row = change(page, 'Forbidden tea')
  await row.getByText('One of the values is outside what the server allows.').waitFor()
  await row.getByText(/^The server said: .*entries_title_is_allowed.* \(23514\)$/).waitFor()
  await press(row, 'Edit and try again')
  await page.waitForFunction(() => document.activeElement?.id === 'title')
  await page.keyboard.press('Escape')
  await page.waitForFunction(() => document.activeElement?.textContent === 'Edit and try again')
  await page.keyboard.press('Enter')
  await row.getByLabel('Title', { exact: true }).fill(' ')
  await press(row, 'Try again')
  await row.getByText('Give the entry a title.').waitFor()
  await row.getByLabel('Title', { exact: true }).fill('White tea')
  await row.getByLabel('Amount', { exact: true }).fill('3,75')
  await press(row, 'Try again')
  await said(page, '“Forbidden tea” is tried again.')
  await settled(page)
  assert.deepEqual(await onServer('White tea'), [{ title: 'White tea', body: 'Green.', amount: 3.75 }])
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'outbox')
  await page.context().close()
})

test('only the changed columns are edited, and what was edited since is sent with them', async () => {
  const page = await openSynced()
  await writeEntry(page, { Title: 'Bread', Text: 'Rye.' })
  await sync(page)
  await visit(page, '#/entries', 'Entries')
  await page.getByRole('link', { name: 'Bread' }).click()
  await page.getByLabel('Title', { exact: true }).fill('Forbidden bread')
  await save(page)
  await sync(page)
  const row = change(page, 'Forbidden bread')
  await press(row, 'Edit and try again')
  assert.deepEqual(await row.getByRole('form').getByRole('textbox').evaluateAll((fields) => fields.map(({ id }) => id)), ['title'])
  await row.getByRole('link', { name: 'Forbidden bread' }).click()
  await page.getByLabel('Text', { exact: true }).fill('Wheat.')
  await save(page)
  await visit(page, '#/sync', 'Sync')
  await row.getByText('What you changed in it since is sent, too: Text.').waitFor()
  await page.getByRole('link', { name: 'change “Forbidden bread”' }).click()
  await page.waitForFunction(() => document.activeElement?.tagName === 'H3')
  await page.evaluate(brokenDisk)
  await press(row, 'Edit and try again')
  await row.getByLabel('Title', { exact: true }).fill('White bread')
  await press(row, 'Try again')
  await row.getByRole('alert').filter({ hasText: 'This device has no room left.' }).waitFor()
  assert.equal(await row.getByLabel('Title', { exact: true }).inputValue(), 'White bread')
  await page.evaluate(() => window.mendDisk())
  await press(row, 'Try again')
  await settled(page)
  assert.deepEqual(await onServer('White bread'), [{ title: 'White bread', body: 'Wheat.', amount: null }])
  await page.context().close()
})

test('a refused change goes once that is confirmed; a reason that has passed needs no edit', async () => {
  const page = await openSynced()
  await refuse(page, { Title: 'Forbidden one' }, { Title: 'Forbidden two' })
  await press(change(page, 'Forbidden one'), 'Discard')
  const dialog = page.getByRole('dialog')
  await dialog.getByText('The server never had it.').waitFor()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await page.waitForFunction(() => document.activeElement?.textContent === 'Discard')
  await page.keyboard.press('Enter')
  await dialog.getByRole('button', { name: 'Discard' }).click()
  await said(page, 'Discarded: “Forbidden one” is gone.')
  await change(page, 'Forbidden one').waitFor({ state: 'detached' })
  await page.waitForFunction(() => /Forbidden two/.test(document.activeElement?.textContent))
  await indicator(page, '1 refused').waitFor()
  await app.server.sql('alter table public.entries drop constraint entries_title_is_allowed')
  await press(change(page, 'Forbidden two'), 'Try again')
  await settled(page)
  assert.deepEqual([(await onServer('Forbidden one')).length, (await onServer('Forbidden two')).length], [0, 1])
  await app.server.sql(`alter table public.entries add constraint entries_title_is_allowed check (title !~ '\\mForbidden') not valid`)
  await page.context().close()
})

const CHOICES = [
  ['mine', ['Keep mine'], ['Mine', 'Mine.']],
  ['theirs', ['Keep theirs'], ['Theirs', 'Theirs.']],
  ['some of both', ['Take from both', 'Keep this choice'], ['Mine', 'Theirs.']],
]
for (const [what, buttons, [title, body]] of CHOICES) {
  test(`a conflict is settled for ${what}`, async () => {
    const page = await openSynced()
    const id = await conflict(page, `Walk, ${what}`)
    await indicator(page, '1 conflict').waitFor()
    const row = change(page, 'Mine')
    const sides = row.getByRole('group', { name: /^Title/ })
    assert.deepEqual(await sides.getByRole('definition').allInnerTexts(), [`Walk, ${what}`, 'Mine', 'Theirs'])
    await press(row, buttons[0])
    if (buttons[1]) {
      await page.waitForFunction(() => document.activeElement?.type === 'radio')
      await row.getByRole('group', { name: /^Text/ }).getByRole('radio', { name: 'Theirs' }).check()
      assert.deepEqual(await violations(page), [])
      await press(row, buttons[1])
    }
    await settled(page)
    const [found] = await app.server.sql('select title, body from public.entries where id = $1', [id])
    assert.deepEqual([found.title, found.body], [title, body])
    await visit(page, `#/entries/${id}`, 'Entry')
    assert.equal(await page.getByLabel('Title', { exact: true }).inputValue(), title)
    await page.context().close()
  })
}

test('an entry that was deleted elsewhere is written again or let go', async () => {
  const page = await openSynced()
  for (const [button, left] of [['Keep theirs', 0], ['Keep mine', 1]]) {
    const id = await conflict(page, `Gone, ${left}`, GONE)
    await change(page, 'Mine').getByText('was deleted elsewhere', { exact: true }).first().waitFor()
    await press(change(page, 'Mine'), button)
    await settled(page)
    assert.equal(await isOnServer(id), left)
  }
  const id = await conflict(page, 'Gone, but for its text', GONE, async () => {
    await page.getByLabel('Text', { exact: true }).fill('Mine.')
    await save(page)
  })
  await press(page, 'Keep mine')
  await settled(page)
  const [whole] = await app.server.sql('select title, body from public.entries where id = $1', [id])
  assert.deepEqual([whole.title, whole.body], ['Gone, but for its text', 'Mine.'], 'with what was not changed')
  await page.context().close()
})

test('an entry that was deleted here and changed elsewhere comes back or goes', async () => {
  const page = await openSynced()
  for (const [button, left] of [['Keep theirs', 1], ['Keep mine', 0]]) {
    const id = await conflict(page, `Here, ${left}`, THEIRS, deleteEntry)
    const row = page.locator('.outbox-row').filter({ hasText: 'You deleted this entry' })
    await row.getByText('Theirs.').waitFor()
    await press(row, button)
    await settled(page)
    assert.equal(await isOnServer(id), left)
  }
  await page.context().close()
})

test('what can no longer be changed is told as that, and discarded', async () => {
  const page = await openSynced()
  await app.server.sql(`update thermocline.tables set policy = 'merge' where name = 'entries'`) // which asks nobody
  await conflict(page, 'Hidden', GONE, renameEntry, 'Refused')
  const row = change(page, 'Mine')
  await row.getByText('The entry was deleted elsewhere, or is no longer yours to change.').waitFor()
  assert.deepEqual(await row.getByRole('button').allInnerTexts(), ['Try again', 'Discard'])
  await press(row, 'Discard')
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click()
  await settled(page)
  await app.server.sql(`update thermocline.tables set policy = 'ask' where name = 'entries'`)
  await page.context().close()
})

test('news appears on whatever page is open, leads to the change, and goes when it is closed', async () => {
  const page = await openSynced()
  const news = page.getByRole('complementary', { name: 'News' })
  await writeEntry(page, { Title: 'Forbidden news' })
  await news.getByText('The server refused a change.').waitFor()
  assert.deepEqual(await violations(page), [])
  await news.getByRole('link', { name: 'See it' }).click()
  await page.waitForFunction(() => /Forbidden news/.test(document.activeElement?.textContent) && document.activeElement.tagName === 'H3')
  await news.getByText('The server refused').waitFor({ state: 'detached' })
  await page.reload()
  await indicator(page, '1 refused').waitFor()
  await visit(page, '#/data', 'Data')
  assert.equal(await news.getByRole('link').count(), 0, 'once for each')
  await writeEntry(page, { Title: 'Forbidden again' })
  await news.getByRole('button', { name: 'Close' }).click()
  await page.waitForFunction(() => document.activeElement?.id === 'content')
  await indicator(page, '2 refused').waitFor()
  await page.context().close()
})

for (const colorScheme of ['light', 'dark']) {
  for (const viewport of [WIDE, NARROW, { width: 320, height: 640 }]) {
    test(`what needs mending breaks no rule of WCAG 2.2 AA and fits: ${colorScheme}, ${viewport.width} px`, async () => {
      const page = await openSynced({ colorScheme, viewport, reducedMotion: 'reduce' })
      await conflict(page, `${colorScheme} ${viewport.width}`)
      await refuse(page, { Title: 'Forbidden, and a long word: Donaudampfschifffahrtsgesellschaftskapitän', Text: 'Why? '.repeat(200) })
      await press(change(page, 'Forbidden'), 'Edit and try again')
      assert.deepEqual(await violations(page), [])
      const [needed, given] = await page.locator('main').evaluate((main) => [main.scrollWidth, main.clientWidth])
      assert.ok(needed <= given, `${needed} px on ${given}`)
      await page.context().close()
    })
  }
}

const GONE = 'delete from public.entries where id = $1'
const THEIRS = `update public.entries set title = 'Theirs', body = 'Theirs.' where id = $1`

const press = (where, name) => where.getByRole('button', { name, exact: true }).click()
const change = (page, title) => page.locator('.outbox-row').filter({ has: page.getByRole('heading', { name: title }) })
const said = (page, words) => page.getByRole('status').filter({ hasText: words }).waitFor()
const indicator = (page, words) => page.getByRole('banner').locator('[part="state"]').filter({ hasText: words })
const onServer = (title) => app.server.sql('select title, body, amount from public.entries where title = $1', [title])

const isOnServer = async (id) => (await app.server.sql('select from public.entries where id = $1', [id])).length

/** A new device that has synced. */
async function openSynced(options) {
  const page = await app.open(options)
  await indicator(page, 'Synced').waitFor()
  return page
}

async function sync(page) {
  await visit(page, '#/sync', 'Sync')
  await page.getByRole('button', { name: 'Sync now' }).click()
  await page.getByRole('button', { name: 'Sync now' }).waitFor()
}

/** Writes entries that the server refuses, and goes to see. */
async function refuse(page, ...entries) {
  for (const fields of entries) await writeEntry(page, fields)
  await sync(page)
  for (const { Title } of entries) await change(page, Title).waitFor()
}

/** The outbox is empty and everything is on the server. */
async function settled(page) {
  await page.getByText('Nothing is waiting.').waitFor()
  await indicator(page, 'Synced').waitFor()
}

async function save(page) {
  await press(page, 'Save')
  await page.getByText('Saved on this device').waitFor()
}

/** An entry that is changed offline and elsewhere; its id. The page shows the conflict. */
async function conflict(page, title, elsewhere = THEIRS, here = renameEntry, state = 'Conflict') {
  await writeEntry(page, { Title: title, Text: 'As it was.' })
  const id = new URL(page.url()).hash.split('/').at(-1)
  await sync(page)
  await until('it is on the server', async () => (await onServer(title)).length === 1)
  await sync(page)
  await page.context().setOffline(true)
  await visit(page, `#/entries/${id}`, 'Entry')
  await here(page)
  await app.server.sql(elsewhere, [id])
  await page.context().setOffline(false)
  await sync(page)
  await page.getByText(state, { exact: true }).waitFor()
  return id
}

async function renameEntry(page) {
  await page.getByLabel('Title', { exact: true }).fill('Mine')
  await page.getByLabel('Text', { exact: true }).fill('Mine.')
  await save(page)
}

async function deleteEntry(page) {
  await press(page, 'Delete entry')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('heading', { name: 'No entry is open' }).waitFor()
}

/** In the page: nothing can be stored until `mendDisk()`. */
function brokenDisk() {
  const { transaction } = IDBDatabase.prototype
  IDBDatabase.prototype.transaction = function (stores, mode, ...more) {
    if (mode === 'readwrite') throw new DOMException('the disk is full', 'QuotaExceededError')
    return transaction.call(this, stores, mode, ...more)
  }
  window.mendDisk = () => { IDBDatabase.prototype.transaction = transaction }
}

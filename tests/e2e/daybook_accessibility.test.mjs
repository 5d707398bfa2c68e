// Daybook can be used by everyone: no view breaks WCAG 2.2 AA or axe's best practices (labels, roles,
// contrast), in light and dark, wide and narrow; the keyboard reaches everything in the order it is
// read, and never gets lost; nothing moves for those who asked for stillness.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { violations } from './harness/axe.mjs'
import { daybook, NARROW, visit, WIDE, writeEntry } from './harness/daybook.mjs'

const VIEWS = [
  ['Entries', (page) => visit(page, '#/entries', 'Entries')],
  ['New entry', async (page) => {
    await visit(page, '#/entries/new', 'New entry')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Give the entry a title.').waitFor()
  }],
  ['Entry', async (page) => {
    await visit(page, '#/entries', 'Entries')
    await page.getByRole('link', { name: 'A walk' }).first().click()
    await page.getByRole('heading', { name: 'Entry', exact: true }).waitFor()
  }],
  ['Data', (page) => visit(page, '#/data', 'Data')],
  ['Sync', visitStorage],
  ['Clear old data?', async (page) => {
    await visitStorage(page)
    await page.getByRole('button', { name: 'Clear old data' }).click()
    await page.getByRole('dialog').waitFor()
    return () => page.keyboard.press('Escape')
  }],
  ['Delete?', async (page) => {
    await visit(page, '#/data', 'Data')
    await page.getByRole('button', { name: 'Remove them' }).click()
    await page.getByRole('dialog').waitFor()
    return () => page.keyboard.press('Escape')
  }],
  ['Sign in', async (page) => {
    await visit(page, '#/sync', 'Sync')
    await page.getByRole('button', { name: 'Sign out' }).click()
    const anyway = page.getByRole('dialog').getByRole('button', { name: 'Discard them and sign out' })
    const heading = page.getByRole('heading', { name: 'Sign in' })
    await anyway.or(heading).first().waitFor()
    if (await anyway.isVisible()) await anyway.click()
    await heading.waitFor()
  }],
]

const app = await daybook()

/** The sync page, once it shows what this device holds. */
async function visitStorage(page) {
  await visit(page, '#/sync', 'Sync')
  await page.getByRole('table').getByText('In memory').waitFor()
}

for (const colorScheme of ['light', 'dark']) {
  for (const viewport of [WIDE, NARROW]) {
    test(`no view breaks WCAG 2.2 AA: ${colorScheme}, ${viewport.width} px wide`, async (t) => {
      const page = await app.open({ colorScheme, viewport, reducedMotion: 'reduce' })
      await writeEntry(page, { Title: 'A walk', Text: 'Along the harbour.', Tags: 'walk, harbour' })
      for (const [name, enter] of VIEWS) {
        await t.test(name, async () => {
          const leave = await enter(page)
          assert.deepEqual(await violations(page), [])
          await leave?.()
        })
      }
      await page.context().close()
    })
  }
}

test('no view scrolls sideways on the narrowest screen (WCAG 1.4.10)', async (t) => {
  const page = await app.open({ viewport: { width: 320, height: 640 } })
  await writeEntry(page, { Title: 'A walk', Text: 'Along the harbour.', Tags: 'walk, harbour' })
  await page.getByLabel('Tags', { exact: true }).fill('not saved yet')
  for (const [name, enter] of VIEWS) {
    await t.test(name, async () => {
      const leave = await enter(page)
      const wide = await page.evaluate(() => [...document.querySelectorAll('main, .list-pane, .entry-pane, body')]
        .filter((pane) => pane.scrollWidth > pane.clientWidth).map((pane) => `${pane.className || pane.tagName}: ${pane.scrollWidth} px`))
      assert.deepEqual(wide, [])
      await leave?.()
    })
  }
  await page.context().close()
})

const focused = (page) => page.evaluate(() => {
  const { tagName, ariaLabel, textContent, id, placeholder } = document.activeElement
  const shadow = document.activeElement.querySelector('thermocline-status')?.shadowRoot.textContent
  return `${tagName.toLowerCase()} ${ariaLabel || placeholder || id || textContent.trim() || shadow}`
})

async function tabs(page, count) {
  const order = []
  for (let n = 0; n < count; n++) {
    await page.keyboard.press('Tab')
    order.push(await focused(page))
  }
  return order
}

test('the keyboard goes through the page in the order it is read', async () => {
  const page = await app.open()
  await visit(page, '#/entries', 'Entries')
  const order = await tabs(page, 8)
  assert.deepEqual(order.slice(0, 5), ['a Skip to content', 'a Daybook', 'a Entries', 'a Data', 'a Sync'])
  assert.match(order[5], /^a (Synced|Sending|Fetching|Waiting to be sent)/)
  assert.deepEqual(order.slice(6), ['a New entry', 'input Search titles and texts'])
  await page.context().close()
})

test('the focus follows the reader: into a view, into an entry, and back to its row', async () => {
  const page = await app.open()
  await writeEntry(page, { Title: 'Focus' })
  await visit(page, '#/entries', 'Entries')
  await page.getByRole('link', { name: 'Focus' }).focus()
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.activeElement?.textContent === 'Entry')
  await page.goBack()
  await page.waitForFunction(() => document.activeElement?.textContent === 'Focus')
  await page.getByRole('navigation').getByRole('link', { name: 'Sync' }).click()
  await page.waitForFunction(() => document.activeElement?.id === 'content')
  await page.context().close()
})

test('what is wrong with a form is said beside the field, and the focus goes there', async () => {
  const page = await app.open()
  await visit(page, '#/entries/new', 'New entry')
  await page.getByLabel('Title', { exact: true }).fill('  ')
  await page.getByLabel('Amount', { exact: true }).fill('a lot')
  await page.getByRole('button', { name: 'Save' }).click()
  const title = page.getByLabel('Title', { exact: true })
  assert.equal(await title.getAttribute('aria-invalid'), 'true')
  assert.equal(await focused(page), 'input title')
  const described = await title.getAttribute('aria-describedby')
  assert.equal(await page.locator(`#${described}`).textContent(), 'Give the entry a title.')
  await page.getByText('Write the amount as a number').waitFor()
  await page.context().close()
})

test('the sync state is a polite live region in words on every view', async () => {
  const page = await app.open()
  for (const [hash, heading] of [['#/entries', 'Entries'], ['#/data', 'Data'], ['#/sync', 'Sync']]) {
    await visit(page, hash, heading)
    const region = page.getByRole('banner').getByRole('status')
    assert.equal(await region.getAttribute('aria-live'), 'polite')
    assert.match(await region.textContent(), /\w/)
  }
  await page.context().close()
})

test('nothing is animated for readers who asked for less motion', async () => {
  const page = await app.open({ reducedMotion: 'reduce' })
  const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((element) => {
    const { animationName, transitionDuration } = getComputedStyle(element)
    return animationName !== 'none' || transitionDuration.split(', ').some((duration) => Number.parseFloat(duration) > 0)
  }).map((element) => element.className))
  assert.deepEqual(moving, [])
  await page.context().close()
})

// The view of the recipe `context`: a check-in shows at once in all places; the sampler's steps (9); nothing breaks WCAG 2.2 AA, and
// everything but the server's parts works offline (RECIPES 4.9).

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { violations } from './harness/axe.mjs'
import { daybook, NARROW, visit, WIDE } from './harness/daybook.mjs'
import { until } from './harness/until.mjs'

const SHOTS = process.env.SHOTS
const app = await daybook({ recipes: ['context'] })

test('a check-in shows at once as aura, figures and day, offline, too (7)', async () => {
  const page = await app.open()
  await visit(page, '#/context/now', 'How are you?')
  await page.context().setOffline(true)
  await page.getByText('Unknown: the last check-in').waitFor()
  await page.getByLabel('Focus').fill('8')
  await page.getByLabel('Energy').fill('7.5')
  await page.getByRole('button', { name: 'Store' }).click()
  await page.getByText('Stored on this device.').waitFor()
  await page.getByText('Peak: make use of it').getByText('7.75').waitFor()
  await page.getByRole('button', { name: 'Store' }).click()
  await page.getByText('This is stored already').waitFor()
  await visit(page, '#/context/insights', 'Context')
  await page.locator('[data-insights]').getByText('8.00').waitFor()
  await page.getByRole('button', { name: 'Tell me about' }).click()
  await page.getByText('In the last 24 hours: 1 sample. Focus 8.00 on average, stable.').waitFor()
  await visit(page, '#/context/days', 'Context')
  await page.locator('[data-source="draft"]').waitFor()
  await visit(page, '#/context/storage', 'Context')
  await page.locator('[data-storage]').getByText('1', { exact: true }).first().waitFor()
  await page.context().close()
})

test('the sampler says what came of its samples and when the next one is due, and pauses while nobody is here (9)', async () => {
  const page = await app.open()
  await visit(page, '#/context/now', 'How are you?')
  await page.getByRole('button', { name: 'Store' }).click()
  await page.getByText(/Stored on this device|stored already/).waitFor()
  await page.clock.install()
  await page.getByLabel('Sample while this page is open').check()
  await page.getByText('Next sample:').waitFor()
  const samples = page.locator('.samples li')
  await until('the first sample', async () => (await samples.count()) > 0)
  const before = await samples.count()
  await page.clock.fastForward(6 * 60_000)
  await page.getByText('Paused until you are back.').waitFor()
  await until('a line in the log', async () => (await samples.count()) > before)
  await page.mouse.move(200, 200)
  await page.mouse.move(210, 210)
  await page.getByText('Next sample:').waitFor()
  await page.getByLabel('Sample while this page is open').uncheck()
  assert.equal(await page.locator('[data-sampler]').count(), 0)
  await page.context().close()
})

for (const [colorScheme, viewport] of [['light', WIDE], ['dark', NARROW], ['dark', WIDE], ['light', NARROW]]) {
  test(`two months of real days: every place is readable and breaks no rule, ${colorScheme}, ${viewport.width} px wide`, async () => {
    const page = await app.open({ colorScheme, viewport, reducedMotion: 'reduce' })
    await visit(page, '#/context/now', 'How are you?')
    if (colorScheme === 'light' && viewport === WIDE) {
      await page.getByRole('button', { name: 'Load two months' }).click()
      await page.getByText(/^\d+ check-ins stored on this device\.$/).waitFor({ timeout: 60_000 })
      const stored = () => app.server.sql('select count(*)::int as n from public.context_snapshots')
      await until('they are on the server', async () => (await stored())[0].n > 300, 60_000)
    }
    await page.locator('[data-today]').waitFor()
    for (const place of ['now', 'insights', 'days', 'storage']) {
      await visit(page, `#/context/${place}`, 'Context')
      if (place === 'insights') {
        await page.getByLabel('30 days').check()
        await page.getByRole('img', { name: /^Activities by day/ }).waitFor()
        await page.getByText('Values as a table').first().click()
        await page.getByRole('region', { name: 'Table: Focus and energy' }).waitFor()
      }
      if (place === 'days') await page.locator('[data-day]').waitFor()
      if (place === 'storage') await page.locator('[data-storage]').waitFor()
      assert.deepEqual(await violations(page), [], place)
      if (SHOTS) await page.locator('main').evaluate((main) => { main.style.overflow = 'visible'; main.closest('.shell').style.height = 'auto' }).then(() => page.screenshot({ path: `${SHOTS}/${place}-${colorScheme}-${viewport.width}.png`, fullPage: true }))
    }
    await page.context().close()
  })
}

// Daybook's view of the recipe `path`: each tab by keyboard and screen reader, offline, and axe finds nothing (RECIPES 5.10).

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { violations } from './harness/axe.mjs'
import { daybook, visit } from './harness/daybook.mjs'

const { open } = await daybook({ recipes: ['path'] })

test('routines, the log and the day\'s question work offline, and show up in streak, insights and achievements', async () => {
  const page = await open()
  await visit(page, '#/path/today', 'Routines')
  await page.context().setOffline(true)
  await page.getByRole('button', { name: 'Complete morning' }).click()
  await page.getByText('Morning done').waitFor()
  await page.getByText('1 day in a row').waitFor()
  await page.getByRole('button', { name: 'Ask today\'s question' }).click()
  await page.getByText('Nothing was logged in the last 30 days').waitFor()
  await page.getByRole('button', { name: '5 of 5 stars' }).click()
  await page.getByText('Rated 5 of 5.').waitFor()

  await page.getByRole('link', { name: 'Log', exact: true }).click()
  await page.getByLabel('What happened').fill('Reached for the phone')
  await page.getByLabel('What you did about it').fill('walked')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved on this device.').waitFor()
  await page.getByRole('listitem').filter({ hasText: 'Reached for the phone' }).waitFor()

  await page.getByRole('link', { name: 'Insights' }).click()
  await page.getByText('100 %').first().waitFor()
  await page.getByRole('link', { name: 'Achievements' }).click()
  await page.getByRole('listitem').filter({ hasText: 'First day' }).getByText('Unlocked').waitFor()

  await page.getByRole('link', { name: 'Profile' }).click()
  await page.getByRole('button', { name: /^5 of 5, from recharges alone/ }).click()
  await page.getByText('1 of 60 answered').waitFor()
  await page.context().setOffline(false)
  await page.getByRole('link', { name: 'Sync test' }).click()
  await page.getByRole('button', { name: 'Run Health' }).click()
  await page.getByText(/^passed, \d+ ms$/).waitFor()
})

test('a health file is imported, and a wrong line is named', async () => {
  const page = await open()
  await visit(page, '#/path/health', 'Last 30 days')
  const today = new Date().toISOString().slice(0, 10)
  const take = (text) => page.getByLabel('Import a CSV file').setInputFiles({ name: 'days.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
  await take(`steps;date;sleepHours\n4200;${today};7.5\n`)
  await page.getByText('Imported 1 day.').waitFor()
  await take('date,steps\nyesterday,1\n')
  await page.getByText('Line 2: “yesterday” is no date').waitFor()
})

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing on any tab (${colorScheme})`, async () => {
    const page = await open({ colorScheme })
    for (const tab of ['today', 'log', 'profile', 'insights', 'health', 'achievements', 'sync-test']) {
      await visit(page, `#/path/${tab}`, 'Path')
      await page.locator('.card, .empty').first().waitFor()
      assert.deepEqual(await violations(page), [], tab)
    }
  })
}

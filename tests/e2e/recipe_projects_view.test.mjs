// The recipe projects in Daybook: a real data set is imported, a todo goes its way by the keyboard, a refused step says why, and no tab
// breaks WCAG 2.2 AA (RECIPES 7.8).

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { violations } from './harness/axe.mjs'
import { daybook, NARROW, WIDE } from './harness/daybook.mjs'

const app = await daybook({ recipes: ['projects'] })
const TABS = ['today', 'board', 'projects', 'week', 'sync', 'import']

async function imported(options) {
  const page = await app.open({ reducedMotion: 'reduce', ...options })
  await page.goto('/#/projects/import')
  await page.getByRole('button', { name: 'Take the web platform as an example' }).click()
  await page.getByRole('heading', { name: 'What would be imported' }).waitFor()
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await page.getByRole('heading', { name: 'Imported and verified' }).waitFor()
  return page
}

test('a todo is moved by the keyboard; a step that is not open to it says why, and it stays', async () => {
  const page = await imported()
  await page.goto('/#/projects/board')
  await page.getByLabel('What is to be done?').fill('read the specification')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  const state = page.getByLabel('State of read the specification')
  await state.selectOption('committed')
  await page.getByRole('alert').getByText('give it a project first').waitFor()
  assert.equal(await state.inputValue(), 'dumped')
  await page.getByLabel('Project of read the specification').selectOption({ index: 1 })
  for (const to of ['refined', 'confirmed', 'committed']) {
    await state.selectOption(to)
    await page.getByText(`“read the specification” is ${to} now.`).waitFor()
  }
  await page.goto('/#/projects/week')
  await page.getByRole('checkbox', { name: 'read the specification' }).click()
  await page.getByText('100 % of 1 h done').first().waitFor()
})

for (const [colorScheme, viewport] of [['light', WIDE], ['dark', NARROW]]) {
  test(`no tab breaks WCAG 2.2 AA: ${colorScheme}, ${viewport.width} px wide`, async () => {
    const page = await imported({ colorScheme, viewport })
    for (const tab of TABS) {
      await page.goto(`/#/projects/${tab}`)
      await page.locator('.plans .card, .plans .empty, .plans .board, .plans .project-cards').first().waitFor()
      assert.deepEqual(await violations(page), [], tab)
    }
    await page.goto('/#/projects/projects')
    await page.locator('.project-card a').first().click()
    await page.getByRole('heading', { name: 'Why this score' }).waitFor()
    assert.deepEqual(await violations(page), [], 'project')
  })
}

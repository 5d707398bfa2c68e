// Pages that stood still and come back: from the back/forward cache, or frozen in the background. They catch
// up before they answer (DESIGN 3).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { until } from '../e2e/harness/until.mjs'
import { insert, makeRows, titlesOf } from './harness/entries.mjs'
import { startSite } from './harness/site.mjs'
import { mute } from './harness/stops.mjs'

const WATCHED = 'entries?select=title&order=title'

let site
before(async () => { site = await startSite() })
after(() => site.stop())

for (const checkpointed of [false, true]) {
  const meanwhile = checkpointed ? 'wrote and checkpointed' : 'wrote'
  test(`a page restored from the back/forward cache knows what others ${meanwhile} before it answers`, async () => {
    const { device, leaving, staying } = await twoTabs()
    await leaving.page.evaluate((watched) => {
      window.isTheSame = true
      // As an app would: it asks as soon as it is shown again.
      addEventListener('pageshow', ({ persisted }) => {
        window.restored = window.carryOut(['ask', { path: watched }]).then(({ done }) => ({ persisted, rows: JSON.parse(done.body) }))
      })
    }, WATCHED)
    await leaving.page.goto(`${site.server.url}/?another`)

    const rows = makeRows('meanwhile', 10)
    for (const row of rows) await insert(staying, [row])
    if (checkpointed) assert.equal(await staying.run('checkpoint'), true)
    await leaving.page.evaluate(() => history.back())
    await until('the page is back', () => leaving.page.evaluate(() => 'restored' in window).catch(() => false))

    const { persisted, rows: shown } = await leaving.page.evaluate(() => window.restored)
    assert.ok(persisted && await leaving.page.evaluate(() => window.isTheSame), 'it was not loaded anew')
    assert.deepEqual(shown.map(({ title }) => title), await titlesOf(staying))
    await until('its live query has told', async () => (await leaving.run('told', WATCHED)).length === shown.length)
    await insert(leaving, makeRows('afterwards', 1))
    await staying.run('catchUp')
    assert.deepEqual(await titlesOf(leaving), await titlesOf(staying))
    await device.leave()
  })
}

test('a tab that was frozen in the background knows what others wrote before it answers', async () => {
  const { device, leaving, staying } = await twoTabs()
  await leaving.page.evaluate((watched) => {
    document.addEventListener('resume', () => {
      window.restored = window.carryOut(['ask', { path: watched }]).then(({ done }) => JSON.parse(done.body))
    })
  }, WATCHED)
  await staying.page.bringToFront()
  const thaw = await leaving.freeze()
  const rows = makeRows('meanwhile', 10)
  for (const row of rows) await insert(staying, [row])
  assert.equal(await staying.run('checkpoint'), true)
  await thaw()
  await until('the tab is thawed', () => leaving.page.evaluate(() => 'restored' in window))
  const shown = await leaving.page.evaluate(() => window.restored)
  assert.deepEqual(shown.map(({ title }) => title), await titlesOf(staying))
  await device.leave()
})

/** Two tabs with a few rows, and no network. The one that stays tells nobody what it writes: a page that is told
 * something is put out of the back/forward cache. */
async function twoTabs() {
  const device = await site.device()
  const [leaving, staying] = [await device.tab(), await device.tab()]
  device.offline(true)
  await insert(leaving, makeRows('before', 5))
  await leaving.run('watch', WATCHED)
  await staying.run('catchUp')
  await mute(staying)
  return { device, leaving, staying }
}

// Import of an older store into the recipe projects, in Chromium (RECIPES 7.5, O-X7): counts before anything is written, verified and
// marked afterwards, repeated and broken off without harm. The numbers in brackets are those of the list in RECIPES 7.8.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startStack } from './harness/stack.mjs'
import { plan, planner } from './recipe_projects_pages.mjs'

let stack
before(async () => { stack = await startStack({ recipes: ['projects'] }) })
after(() => stack.stop())

const TIME = '2026-01-02T00:00:00Z'
/** O-X7's, in the persisted wrapper. */
const STORE = {
  version: 1,
  state: {
    projects: [
      { id: 'p1', title: 'one', createdAt: 1767225600 },
      { id: 'p2', title: 'two', createdAt: 1767225600000 },
      { id: 'p3', title: 'three' },
    ],
    todos: [
      { id: 't1', projectId: 'p1', title: 'first', estimatedHours: 2.25, createdAt: TIME },
      { id: 't2', projectId: 'nowhere', title: 'second', createdAt: TIME },
    ],
    weeklyGoals: [{ id: 'w1', weekStartDate: '2026-03-11', createdAt: TIME }],
  },
}

async function withStore(store = STORE) {
  const one = await planner(stack)
  await one.page.evaluate((text) => localStorage.setItem('creation-store', text), JSON.stringify(store))
  return one
}

const inserted = ({ counts }) => Object.values(counts).reduce((sum, count) => sum + count.inserted, 0)
const skipped = ({ counts }) => Object.values(counts).reduce((sum, count) => sum + count.skipped, 0)

test('an import shows its counts first; afterwards counts and times match, and the source is as it was [3] (O-X7, O3, O4, O5)', async () => {
  const { page } = await withStore()
  const planned = await plan(page, 'planImport')
  assert.deepEqual(planned.counts, {
    projects: { planned: 3, new: 3, skipped: 0 }, weekly_goals: { planned: 1, new: 1, skipped: 0 }, todos: { planned: 2, new: 2, skipped: 0 },
  })
  assert.deepEqual(planned.problems.map(({ table, column }) => [table, column]),
    [['projects', 'createdAt'], ['weekly_goals', 'weekStartDate'], ['todos', 'projectId']])
  assert.deepEqual(await plan(page, 'getProjects'), [], 'nothing was written')

  const report = await plan(page, 'runImport')
  assert.deepEqual([inserted(report), report.verified, report.differences], [6, true, []])
  const projects = await plan(page, 'getProjects')
  const times = projects.filter(({ title }) => title !== 'three').map(({ created_at: at, sync_status }) => [Date.parse(at), sync_status])
  assert.deepEqual(times, [[1767225600000, 'local'], [1767225600000, 'local']])
  const [week] = await plan(page, 'getWeeklyGoals')
  assert.equal(week.week_start_date, '2026-03-09')
  assert.equal(await page.evaluate(() => localStorage.getItem('creation-store')), JSON.stringify(STORE))
})

test('again, also after an edit, changes nothing: the same source answers from its mark, another brings only what is new [4]', async () => {
  const { page, id } = await withStore()
  await plan(page, 'runImport')
  const [project] = (await plan(page, 'getProjects')).filter(({ title }) => title === 'one')
  await plan(page, 'updateProject', project.id, { title: 'mine now' })
  const marked = await plan(page, 'runImport')
  assert.equal(marked.verified, true)
  assert.notEqual((await plan(page, 'planImport')).done, null)
  const more = structuredClone(STORE)
  more.state.todos.push({ id: 't3', projectId: 'p2', title: 'third', createdAt: TIME })
  const other = await plan(page, 'runImport', { text: JSON.stringify(more) })
  assert.deepEqual([inserted(other), skipped(other), other.verified], [1, 6, true])
  assert.equal((await plan(page, 'getProject', project.id)).title, 'mine now', 'the edit stays')

  // Imported rows sync like any others (O6).
  await plan(page, 'enableSync')
  await plan(page, 'forceSyncAll')
  const rows = await stack.server.sql(`select title, created_at = '2026-01-01T00:00Z' as kept from projects where user_id = $1 order by title`, [id])
  assert.deepEqual(rows.map(({ title, kept }) => [title, kept]).slice(0, 1), [['mine now', true]])
  assert.equal(rows.length, 3)
})

test('a tab that is killed after the first frame loses nothing: the next run writes the rest [5] (invariants 1 and 2)', async () => {
  const { person, page } = await withStore()
  await page.evaluate(() => {
    const write = window.tc.transaction.bind(window.tc)
    let frames = 0
    // The second frame never comes: the tab dies while it waits.
    window.tc.transaction = (requests) => (frames++ === 0 ? write(requests) : new Promise(() => { window.stuck = true }))
    void window.plans.runImport({ frameRows: 4 })
  })
  await page.waitForFunction(() => window.stuck)
  await person.kill()
  const again = await person.page()
  // The older store was there for long; what a page writes there, Chromium keeps only some seconds later.
  await again.evaluate((text) => localStorage.setItem('creation-store', text), JSON.stringify(STORE))
  await again.evaluate(() => window.openProjects())
  const report = await plan(again, 'runImport', { frameRows: 4 })
  assert.deepEqual([inserted(report), skipped(report), report.verified], [2, 4, true])
})

test('rows of several people need consent', async () => {
  const { page } = await withStore({ projects: [{ id: 1, userId: 'a', title: 'x', createdAt: TIME }, { id: 2, userId: 'b', title: 'y', createdAt: TIME }] })
  assert.equal((await plan(page, 'planImport')).needsConsent, true)
  const refused = await page.evaluate(() => window.plans.runImport().then(() => null, ({ message }) => message))
  assert.match(refused, /rows of 2 people.*nothing was written/)
  assert.equal(inserted(await plan(page, 'runImport', { consent: true })), 2)
})

test('five thousand rows are imported and verified; how long the page was held up at most is told', async (t) => {
  const todos = Array.from({ length: 5_000 }, (_, n) => ({ id: `t${n}`, title: `todo ${n}`, projectId: 'p', createdAt: 1767225600 + n }))
  const { page } = await withStore({ projects: [{ id: 'p', title: 'big', createdAt: TIME }], todos })
  const longest = await page.evaluate(async () => {
    let [last, most, running] = [performance.now(), 0, true]
    const tick = () => {
      const now = performance.now()
      most = Math.max(most, now - last)
      last = now
      if (running) setTimeout(tick)
    }
    tick()
    window.report = await window.plans.runImport()
    running = false
    return most
  })
  const report = await page.evaluate(() => window.report)
  assert.deepEqual([inserted(report), report.verified], [5_001, true])
  t.diagnostic(`longest hold-up ${Math.round(longest)} ms`)
})

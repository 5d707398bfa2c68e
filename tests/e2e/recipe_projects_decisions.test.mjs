// What the recipe projects leaves to a person, in Chromium on a real server (RECIPES 7.8): conflicts between two devices, and what the agent
// says of three prepared projects. The numbers in brackets are those of the list there.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { newUser, startStack } from './harness/stack.mjs'
import { plan, planner } from './recipe_projects_pages.mjs'

let stack
before(async () => { stack = await startStack({ recipes: ['projects'] }) })
after(() => stack.stop())

/** Two devices of one person that hold the same project, both offline. */
async function apart() {
  const user = newUser()
  const hers = await planner(stack, user)
  const { id } = await plan(hers.page, 'createProject', { title: 'old' })
  await synced(hers)
  const his = await planner(stack, user)
  await synced(his)
  await Promise.all([hers.person.offline(true), his.person.offline(true)])
  return { id, hers, his }
}

async function synced({ page }) {
  await plan(page, 'enableSync')
  return plan(page, 'forceSyncAll')
}

/** First hers, then his reach the server. */
async function together({ hers, his }) {
  for (const one of [hers, his]) {
    await one.person.offline(false)
    await synced(one)
  }
}

for (const [what, choice, title] of [['mine', 'mine', 'his'], ['theirs', 'theirs', 'hers'], ['own text', { title: 'ours' }, 'ours']]) {
  test(`the same title edited on two devices offline is a conflict with both values; ${what} settles it [6] (O8)`, async () => {
    const world = await apart()
    const { id, hers, his } = world
    await plan(hers.page, 'updateProject', id, { title: 'hers' })
    await plan(his.page, 'updateProject', id, { title: 'his' })
    await together(world)
    const [conflict, ...others] = await plan(his.page, 'getConflicts')
    assert.deepEqual([conflict.table, conflict.row, conflict.columns, conflict.base, conflict.mine, conflict.theirs.title, others],
      ['projects', id, ['title'], { title: 'old' }, { title: 'his' }, 'hers', []])
    assert.equal((await plan(his.page, 'getProject', id)).sync_status, 'conflict')
    await plan(his.page, 'resolveConflict', conflict.id, choice)
    await synced(his)
    await synced(hers)
    for (const { page } of [hers, his]) {
      const project = await plan(page, 'getProject', id)
      assert.deepEqual([project.title, project.sync_status], [title, 'synced'])
    }
    assert.deepEqual(await plan(his.page, 'getConflicts'), [])
  })
}

test('different columns edited on two devices are no conflict [7]', async () => {
  const world = await apart()
  const { id, hers, his } = world
  await plan(hers.page, 'updateProject', id, { title: 'new title' })
  await plan(his.page, 'updateProject', id, { why: 'a reason' })
  await together(world)
  await synced(hers)
  assert.deepEqual(await plan(his.page, 'getConflicts'), [])
  for (const { page } of [hers, his]) {
    const { title, why } = await plan(page, 'getProject', id)
    assert.deepEqual([title, why], ['new title', 'a reason'])
  }
})

test('three prepared projects score 90, 45 and 50 with their reasons, and recommendations come in order; one that is dismissed is silent (O-X3, O-X4) [8, 9]', async () => {
  const { page } = await planner(stack)
  const ids = await prepare(page)
  const found = []
  for (const id of ids) {
    const { score, reasons } = (await plan(page, 'analyzeProject', id)).healthAssessment
    found.push([score, reasons.map(({ adjustment }) => adjustment)])
  }
  assert.deepEqual(found, [[90, [5, 5]], [45, [-10, -10, -10, -5]], [50, [-25, -10, 5]]])
  const advice = async () => (await plan(page, 'generateDailyRecommendations')).map(({ title, description }) => `${title}: ${description}`)
  const all = await advice()
  assert.deepEqual(all.map((one) => one.split(':')[0]), ['B needs attention', 'C needs attention', 'Optimize B', 'Optimize A'])
  assert.match(all[2], /Commit work/)
  assert.match(all[3], /Split large tasks/)
  await plan(page, 'updateKnowledgeBase', { kind: 'workflow_optimization', projectId: ids[2], type: 'risk_mitigation', accepted: false })
  assert.deepEqual(await advice(), [all[0], all[2], all[3]])
  const summary = await plan(page, 'generateProjectSummary', ids[1])
  assert.deepEqual([summary.insights.healthScore, summary.metrics.productivity], [45, 0.6])
})

const ago = (days) => new Date(Date.now() - days * 86_400_000).toISOString()

/** The rows of O-X3, written with their times by supabase-js; the ids of A, B and C. */
async function prepare(page) {
  const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()]
  const project = (id, title, days, more) => ({ id, title, why: 'because', progress: 0, created_at: ago(days), ...more })
  const todo = (project_id, status, estimated_hours, more) =>
    ({ project_id, title: 't', status, estimated_hours, actual_hours: 0, completed_at: null, created_at: ago(30), ...more })
  const done = (project_id, days, estimated, actual) => todo(project_id, 'done', estimated, { actual_hours: actual, completed_at: ago(days) })
  const told = (project_id, kind, days, value = null) => ({ project_id, kind, value, occurred_at: ago(days) })
  const times = (count, make) => Array.from({ length: count }, (_, n) => make(n))
  const rows = {
    projects: [project(a, 'A', 30), project(b, 'B', 40, { why: '' }), project(c, 'C', 60, { progress: 85 })],
    todos: [
      done(a, 1, 1.9, 2), ...times(6, (n) => todo(a, n < 2 ? 'committed' : 'refined', n === 0 ? 12 : 2)),
      ...times(12, (n) => todo(b, n < 4 ? 'refined' : 'matched', 1)), ...times(4, (n) => done(b, 9 + n, 3, 5)),
      ...times(3, () => todo(c, 'committed', 1)),
    ],
    project_activities: [told(a, 'progress_changed', 1, 10), told(b, 'todo_done', 9, 3), told(c, 'status_changed', 20)],
  }
  for (const [table, given] of Object.entries(rows)) {
    const problem = await page.evaluate(([name, all]) => window.supabase.from(name).insert(all).then(({ error }) => error?.message ?? null), [table, given])
    assert.equal(problem, null, table)
  }
  return [a, b, c]
}

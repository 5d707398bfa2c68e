// The recipe projects as its users meet it, in Chromium on a real server (RECIPES 7.8): the numbers in brackets are those of its list of
// what a person can check. Offline is the ordinary state here: nothing waits for a network but sync itself.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { newUser, startStack } from './harness/stack.mjs'
import { until } from './harness/until.mjs'
import { makeRequestLog, plan, planner } from './recipe_projects_pages.mjs'

const requests = makeRequestLog()
let stack
before(async () => { stack = await startStack({ recipes: ['projects'], intercept: requests.intercept }) })
after(() => stack.stop())

test('with sync off nothing leaves and rows say local; switched on they are pending, then synced; off midway loses nothing [1, 2]', async () => {
  const { person, page, id } = await planner(stack)
  requests.clear()
  const made = await plan(page, 'createProject', { title: 'garden', why: 'tomatoes' })
  assert.equal(made.sync_status, 'local')
  const todo = await plan(page, 'createTodo', { title: 'dig', project_id: made.id, estimated_hours: 2 })
  assert.deepEqual([todo.status, todo.sync_status], ['matched', 'local'])
  assert.deepEqual(await plan(page, 'getSyncStatus'), { enabled: false, lastSync: null, pendingRecords: 2, conflicts: [] })
  const refused = await fault(page, 'forceSyncAll')
  assert.equal(refused.code, 'invalid_request')
  assert.deepEqual(requests.seen(), [], 'no request has left')

  await person.offline(true)
  await plan(page, 'enableSync')
  assert.equal((await plan(page, 'getProject', made.id)).sync_status, 'pending')
  await plan(page, 'disableSync')
  assert.equal((await plan(page, 'getProject', made.id)).sync_status, 'local')
  await plan(page, 'enableSync')
  await person.offline(false)
  const result = await plan(page, 'forceSyncAll')
  assert.deepEqual(result.conflicts, [])
  await until('all is synced', async () => (await plan(page, 'getTodo', todo.id)).sync_status === 'synced')
  const rows = await stack.server.sql('select title, (select count(*)::int from project_activities) as told from projects where user_id = $1', [id])
  assert.deepEqual(rows, [{ title: 'garden', told: 2 }])
})

test('a todo goes its way by events; a step that is not open to it is refused with the reason, and nothing is written', async () => {
  const { page } = await planner(stack)
  const project = await plan(page, 'createProject', { title: 'boat' })
  const todo = await plan(page, 'createTodo', { title: 'varnish' })
  assert.match((await fault(page, 'moveTodo', todo.id, 'commit', { week: '2026-03-11' })).message, /"varnish" cannot go that way: give it a project first/)
  const steps = [['match', { project_id: project.id }], ['refine', { estimated_hours: 3 }], ['confirm'], ['commit', { week: '2026-03-11' }], ['finish', { actual_hours: 4.5 }]]
  for (const [event, given] of steps) await plan(page, 'moveTodo', todo.id, event, given)
  const done = await plan(page, 'getTodo', todo.id)
  assert.deepEqual([done.status, done.week_start_date, done.actual_hours], ['done', '2026-03-09', 4.5])
  const told = await plan(page, 'getProjectActivities', project.id)
  assert.deepEqual(told.map(({ kind }) => kind).sort(), [
    'estimate_corrected', 'project_created', 'todo_added', 'todo_done', 'todo_moved', 'todo_moved', 'todo_moved', 'todo_moved',
  ])
  assert.match((await fault(page, 'updateTodo', todo.id, { status: 'dumped' })).message, /state is moved by an event/)
})

test('the week bar follows its tasks (O-X1); two devices that make the same week offline have one row [11, 12]', async () => {
  const user = newUser()
  const [hers, his] = [await planner(stack, user), await planner(stack, user)]
  const week = '2026-03-09'
  const committed = async ({ page }, hours) => {
    const project = await plan(page, 'createProject', { title: `p${hours}` })
    const todo = await plan(page, 'createTodo', { title: `t${hours}`, project_id: project.id })
    for (const [event, given] of [['refine', { estimated_hours: hours }], ['confirm'], ['commit', { week }]]) await plan(page, 'moveTodo', todo.id, event, given)
    return todo.id
  }
  const bar = async ({ page }) => (await plan(page, 'getWeeklyGoals')).map((row) => [row.week_start_date, row.total_estimated_hours, row.completion_rate])
  const [four, two, six] = [await committed(hers, 4), await committed(hers, 2), await committed(his, 6)]
  assert.deepEqual(await bar(hers), [[week, 6, 0]])
  await plan(hers.page, 'moveTodo', four, 'finish')
  await plan(hers.page, 'moveTodo', two, 'finish')
  assert.deepEqual(await bar(hers), [[week, 6, 100]])
  assert.deepEqual(await bar(his), [[week, 6, 0]])
  for (const { page } of [hers, his, hers, his, hers]) {
    await plan(page, 'enableSync')
    await plan(page, 'forceSyncAll')
  }
  const both = [[week, 12, 50]]
  await until('both show the figures of all three', async () => JSON.stringify([await bar(hers), await bar(his)]) === JSON.stringify([both, both]))
  await plan(his.page, 'moveTodo', six, 'finish')
  assert.deepEqual(await bar(his), [[week, 12, 100]])
  assert.equal((await stack.server.sql('select id from weekly_goals where user_id = $1', [hers.id])).length, 1)
})

test('finished tasks that took longer correct the next estimate (O-X5) [10]', async () => {
  const { page } = await planner(stack)
  const project = await plan(page, 'createProject', { title: 'roof' })
  assert.equal(await plan(page, 'suggestEstimate', 2, project.id), 2)
  for (const [estimated_hours, actual_hours] of [[2, 3], [4, 4], [1, 2]]) {
    const { id } = await plan(page, 'createTodo', { title: 'tile', project_id: project.id, estimated_hours })
    await plan(page, 'moveTodo', id, 'finish', { actual_hours })
  }
  assert.equal(await plan(page, 'suggestEstimate', 2, project.id), 2.75)
  const { tasks } = await plan(page, 'getKnowledgeBase')
  assert.deepEqual(tasks.estimationModels.overall, { bias: 1.3735, samples: 3 })
})

test('a deleted project leaves its todos, which take another one [14]', async () => {
  const { page } = await planner(stack)
  const [gone, next] = [await plan(page, 'createProject', { title: 'gone' }), await plan(page, 'createProject', { title: 'next' })]
  const todo = await plan(page, 'createTodo', { title: 'stays', project_id: gone.id })
  await plan(page, 'deleteProject', gone.id)
  const left = await plan(page, 'getTodos', { project: null })
  assert.deepEqual(left.map(({ id, project_id }) => [id, project_id]), [[todo.id, null]])
  assert.equal((await plan(page, 'moveTodo', todo.id, 'match', { project_id: next.id })).project_id, next.id)
})

test('lists are in the order of the last change, also of what was changed here and not sent (O10)', async () => {
  const { page } = await planner(stack)
  const made = []
  for (const title of ['a', 'b', 'c']) made.push((await plan(page, 'createProject', { title })).id)
  await plan(page, 'updateProject', made[0], { progress: 10 })
  const titles = async (options) => (await plan(page, 'getProjects', options)).map(({ title }) => title)
  assert.deepEqual(await titles(), ['a', 'c', 'b'])
  assert.deepEqual(await titles({ limit: 1 }), ['a'])
  assert.deepEqual(await titles({ status: 'paused' }), [])
})

/** The code and message that a function of the recipe rejects with. */
const fault = (page, name, ...given) => page.evaluate(
  ([call, args]) => window.plans[call](...args).then(() => null, ({ code, message }) => ({ code, message })), [name, given])

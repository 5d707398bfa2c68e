// The recipe `path` on two devices of one user, offline and together again: what a person can check of RECIPES 5.10, by its number.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { call, meet, pathProfile, settled } from './harness/path.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { outboxOf, startSync, syncNow } from './harness/sync.mjs'
import { until } from './harness/until.mjs'

let stack
before(async () => { stack = await startStack({ recipes: ['path'] }) })
after(() => stack.stop())


const daysAgo = (days) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)

test('routines of two devices offline are one streak and one total afterwards, and the same routine twice counts once (1) (2)', async () => {
  const [a, b] = await pair()
  await Promise.all([a.person.offline(true), b.person.offline(true)])
  assert.deepEqual(await call(a.page, 'completeRoutine', 'morning', daysAgo(1)).then(({ success, state }) => [success, state]), [true, 'queued'])
  await call(b.page, 'completeRoutine', 'morning', daysAgo(0))
  await call(b.page, 'completeRoutine', 'morning', daysAgo(0))
  assert.equal((await call(b.page, 'fetchUserProgress')).totalCompletions, 1)
  await meet(a, b)
  const shown = await until('both show two days', async () => {
    const both = [await call(a.page, 'fetchUserProgress'), await call(b.page, 'fetchUserProgress')]
    return both.every(({ totalCompletions }) => totalCompletions === 2) && both
  })
  for (const { complianceStreak, bestStreak, shownStreak } of shown) assert.deepEqual([complianceStreak, bestStreak, shownStreak], [2, 2, 2])
  await until('the published fold says so', async () => {
    const [row] = await stack.server.sql('select compliance_streak, total_completions from public.user_progress where user_id = $1', [a.id])
    await meet(a, b)
    return row?.compliance_streak === 2 && row.total_completions === 2
  })
})

test('an achievement unlocked offline on two devices keeps the earliest date (3)', async () => {
  const [a, b] = await pair()
  await Promise.all([a.person.offline(true), b.person.offline(true)])
  const unlocked = (hour) => ({ id: 'week-warrior', unlocked: true, unlockedDate: `2026-03-10T${hour}:00:00+00:00`, progress: 7 })
  await call(a.page, 'syncAchievement', unlocked('10'))
  await call(b.page, 'syncAchievement', unlocked('09'))
  await meet(a, b)
  for (const { page } of [a, b]) {
    const [shown] = await call(page, 'fetchAchievements')
    assert.deepEqual([shown.progress, shown.unlocked, Date.parse(shown.unlockedDate)], [7, true, Date.parse('2026-03-10T09:00:00Z')])
  }
})

test('answers of two devices are all there, and the type follows from them (4)', async () => {
  const [a, b] = await pair()
  await Promise.all([a.person.offline(true), b.person.offline(true)])
  for (const id of [1, 2, 3, 4, 5]) await call(a.page, 'answerQuestion', id, 4)
  for (const id of [6, 7, 8, 9, 10]) await call(b.page, 'answerQuestion', id, 2)
  assert.equal((await call(a.page, 'answerQuestion', 61, 4)).error.code, '23514')
  await meet(a, b)
  for (const { page } of [a, b]) {
    const { oejtsAnswers, oejtsResults } = await call(page, 'fetchSovereignPathData')
    assert.deepEqual([oejtsAnswers.length, oejtsResults.completionPercentage, oejtsResults.type], [10, 17, null])
  }
  assert.equal(await call(a.page, 'nextQuestion'), 11)
})

test('a journal that is typed is one change after the pause, and the same value again is none (5) (6)', async () => {
  const [a] = await pair(1)
  await a.person.offline(true)
  await a.page.evaluate(() => {
    const draft = window.path.draftLog('journal', { routineType: 'evening' })
    for (let length = 1; length <= 40; length++) draft.type('A quiet evening, written key by key.....'.slice(0, length))
    window.draft = draft
  })
  await until('the draft is written', async () => (await outboxOf(a.page)).some(({ table }) => table === 'sovereign_logs'))
  const logs = (await outboxOf(a.page)).filter(({ table }) => table === 'sovereign_logs')
  assert.deepEqual(logs.map(({ operation, changes }) => [operation, changes.content.length]), [['insert', 40]])
  assert.equal((await a.page.evaluate(() => window.draft.save())).state, 'queued')

  await call(a.page, 'syncHealthMetrics', { steps: 4000 }, daysAgo(0))
  await meet(a)
  await a.person.offline(true)
  assert.equal((await call(a.page, 'syncHealthMetrics', { steps: 4000 }, daysAgo(0))).state, 'synced')
  await a.page.evaluate(() => window.path.flush())
  assert.deepEqual((await outboxOf(a.page)).map(({ table }) => table), [])
})

test('new birth data void the chart and the natal chart (8)', async () => {
  const [a] = await pair(1)
  const born = (date) => ({ date, time: '06:00', latitude: 47.4, longitude: 8.5 })
  await together(a.page, [['syncSovereignPathData', { birthData: born('1990-01-01'), humanDesignChart: { type: 'x' } }]])
  await call(a.page, 'syncAstrologyData', { natalChart: { sun: 'capricorn' }, transits: { moon: 1 } }, born('1990-01-01'))
  assert.deepEqual((await call(a.page, 'fetchAstrologyData')).natalChart, { sun: 'capricorn' })
  await together(a.page, [['syncSovereignPathData', { birthData: born('1990-01-02') }]])
  assert.equal((await call(a.page, 'fetchSovereignPathData')).humanDesignChart, null)
  assert.equal(await call(a.page, 'fetchAstrologyData'), null)
})

test('two devices that make the attunement of a day offline show the same one afterwards (9)', async () => {
  const [a, b] = await pair()
  await Promise.all([a.person.offline(true), b.person.offline(true)])
  await call(a.page, 'addLog', 'sovereign', 'won the race', { entryType: 'Win' })
  for (const { page } of [a, b]) assert.equal((await call(page, 'syncDailyAttunement')).success, true)
  const today = await a.page.evaluate(() => new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 10))
  const [hers, his] = [await call(a.page, 'fetchDailyAttunement', today), await call(b.page, 'fetchDailyAttunement', today)]
  assert.notEqual(hers.insightfulQuestion, his.insightfulQuestion)
  await meet(a, b)
  for (const { page } of [a, b]) assert.equal((await call(page, 'fetchDailyAttunement', today)).insightfulQuestion, hers.insightfulQuestion)
  assert.deepEqual(await outboxOf(b.page), [])
})

test('offline a search goes by words, and says so', async () => {
  const [a] = await pair(1)
  await a.person.offline(true)
  await call(a.page, 'addLog', 'sovereign', 'Deep work in the morning', { entryType: 'Insight' })
  await call(a.page, 'addLog', 'sovereign', 'A nap', { entryType: 'Leak/Drain' })
  const matches = await call(a.page, 'semanticSearch', 'deep morn')
  assert.deepEqual(matches.map(({ content, by, similarity }) => [content, by, similarity]), [['Deep work in the morning', 'words', null]])
  const context = await call(a.page, 'coachContext', 'nap')
  assert.deepEqual([context.matches.length, context.patterns.leaks, context.archetype.dominant], [1, 1, 'Magician'])
})

test('a row that is refused is counted as failed, and its dead letter is seen (12; P-X8)', async () => {
  const [a] = await pair(1)
  await stack.server.sql(`alter table public.achievements add constraint achievements_no_cheating check (achievement_id <> 'cheat')`)
  const list = ['first-day', 'century', 'alchemist', 'listener', 'cheat'].map((id) => ({ id, unlocked: false, unlockedDate: null, progress: 1 }))
  await a.person.offline(true)
  assert.deepEqual(await call(a.page, 'bulkSyncAchievements', list), { succeeded: 0, failed: 0, queued: 5, total: 5 })
  await a.person.offline(false)
  assert.deepEqual(await call(a.page, 'bulkSyncAchievements', list), { succeeded: 4, failed: 1, queued: 0, total: 5 })
  assert.deepEqual((await outboxOf(a.page)).map(({ state, error }) => [state, error.code]), [['refused', '23514']])
  assert.deepEqual((await call(a.page, 'bulkSyncAllData')).achievements, { succeeded: 0, failed: 1, queued: 0, total: 1 })
})

test('another user who signs in sees nothing of the first (14)', async () => {
  const [a] = await pair(1)
  await call(a.page, 'completeRoutine', 'morning')
  await call(a.page, 'addLog', 'sovereign', 'mine', { entryType: 'Win' })
  await settled(a.page)
  await a.page.evaluate(async () => {
    await window.path.close()
    await window.tc.session.signOut({ unsent: 'discard' })
    await window.supabase.auth.signOut({ scope: 'local' })
    window.path = await window.openPath()
  })
  assert.equal((await call(a.page, 'addLog', 'sovereign', 'whose?', { entryType: 'Win' })).error?.code, 'unauthorized')
  await signIn(a.page, newUser())
  await startSync(a.page)
  assert.equal(await call(a.page, 'fetchUserProgress'), null)
  assert.deepEqual((await call(a.page, 'semanticSearch', 'mine')), [])
  await syncNow(a.page)
})

/** Profiles of a new user. */
async function pair(count = 2) {
  const user = newUser()
  const profiles = []
  for (let i = 0; i < count; i++) profiles.push(await pathProfile(stack, user))
  return profiles
}

/** Calls that wait for a pause, and the end of it. */
async function together(page, calls) {
  await page.evaluate(async (all) => {
    const waiting = all.map(([name, ...given]) => window.path[name](...given))
    await window.path.flush()
    await Promise.all(waiting)
  }, calls)
}

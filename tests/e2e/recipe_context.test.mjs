// The recipe `context` on devices of one user and of two, offline and together again: what a person can check of RECIPES 4.9, by its
// number; C-X1, C-X3, C-X5, C-X8 as devices meet them.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { outboxOf, startSync, statusOf, syncNow } from './harness/sync.mjs'
import { until } from './harness/until.mjs'

const TABLES = [{ name: 'context_snapshots', days: 30, rows: 10_000 }, { name: 'daily_insights', days: 400 }, 'daily_insight_drafts', { name: 'sync_logs', days: 30 }]
const CALM = { focus: 4, energy: 5, mood: 'calm', activity: 'communication' }
const HOUR_MS = 3_600_000

const pushes = []
let withoutFunction = false
let stack
before(async () => {
  stack = await startStack({
    recipes: ['context'],
    intercept(req, res) {
      const isDevice = req.headers['user-agent']?.startsWith('person') // and not the function, which pushes in its turn
      if (isDevice && req.method === 'POST' && /apply_deltas|thermocline_push/.test(req.url)) pushes.push(req.url.split('/').at(-1))
      if (!withoutFunction || !req.url.includes('/functions/v1/')) return false
      res.writeHead(404, { 'access-control-allow-origin': '*', 'content-type': 'application/json' }).end('{}')
      return true
    },
  })
})
after(() => stack.stop())

test('three readings offline are there after a reload, and reach the server once (1)', async () => {
  const { person, page, id } = await device({ worker: true })
  await person.offline(true)
  for (const focus of [1, 2, 3]) assert.equal((await call(page, 'storeContext', { ...CALM, focus })).reason, 'manual')
  const again = await reopened(person, page)
  assert.equal(await call(again, 'getContextCount'), 3)
  await person.offline(false)
  await syncNow(again)
  await syncNow(again)
  assert.equal(await onServer(id), 3)
})

test('the same state within a minute is one row, offline on two devices, too (2) (3), C-X1', async () => {
  const [a, b] = await pair()
  await Promise.all([a.person.offline(true), b.person.offline(true)])
  const timestamp = Date.now() - HOUR_MS
  const first = await call(a.page, 'storeContext', { ...CALM, timestamp })
  const second = await call(a.page, 'storeContext', { ...CALM, mood: ' Calm ', timestamp })
  assert.deepEqual([second.id, second.stored, second.reason], [first.id, false, 'duplicate'])
  const elsewhere = await call(b.page, 'storeContext', { ...CALM, timestamp })
  assert.deepEqual([elsewhere.id, elsewhere.stored], [first.id, true])
  await meet(a, b)
  for (const { page } of [a, b]) {
    assert.equal(await call(page, 'getContextCount'), 1)
    assert.equal((await statusOf(page)).refused, 0)
  }
  assert.equal(await onServer(a.id), 1)
})

test('another account with the same readings has its own (4)', async () => {
  const [one, other] = [await device(), await device()]
  const timestamp = Date.now() - HOUR_MS
  for (const { page } of [one, other]) {
    assert.equal((await call(page, 'storeContext', { ...CALM, timestamp })).stored, true)
    await syncNow(page)
  }
  assert.deepEqual([await onServer(one.id), await onServer(other.id)], [1, 1])
  await syncNow(one.page)
  assert.equal(await call(one.page, 'getContextCount'), 1)
})

test('insights for 0, 1, 3, 4 and 8 samples hold no NaN and match C-X3 (5); today follows each of them (7)', async () => {
  const { person, page } = await device()
  await person.offline(true)
  const day = [[4, 5, 'calm', 'communication'], [5, 5.5, 'calm', 'communication'], [7, 6, 'calm', 'deep_work'], [8, 6.5, 'focused', 'deep_work'],
    [8.5, 7, 'happy', 'deep_work'], [7.5, 6.5, 'happy', 'deep_work'], [5.5, 3.5, 'tired', 'meeting'], [6, 4, 'calm', 'communication']]
  const now = Date.now()
  const seen = {}
  const look = async (count) => { seen[count] = await call(page, 'getRecentInsights') }
  await look(0)
  for (const [place, [focus, energy, mood, activity]] of day.entries()) {
    await call(page, 'storeContext', { focus, energy, mood, activity, timestamp: now - (8 - place) * 6 * 60_000, utcOffsetMin: 0 })
    await look(place + 1)
    assert.equal(seen[place + 1].totalSamples, place + 1, 'at once')
  }
  assert.ok(!JSON.stringify(seen).includes('null,"trend"'), 'averages are numbers')
  assert.deepEqual([seen[0].avgFocus, seen[0].trend, seen[0].peakTime], [0, 'stable', null])
  assert.deepEqual([seen[1].trend, seen[3].trend, seen[4].trend], ['stable', 'stable', 'improving'])
  const { avgFocus, avgEnergy, trend, topActivity } = seen[8]
  assert.deepEqual([avgFocus, avgEnergy, trend, topActivity], [6.44, 5.5, 'improving', { name: 'deep_work', count: 4 }])
  const { text, origin } = await call(page, 'generateInsights')
  assert.match(text, /^In the last 24 hours: 8 samples\. Focus 6\.44 on average, improving\. Energy 5\.50 on average\. Best hour \d\d:00\. Mostly deep_work \(4 of 8\)\.$/)
  assert.equal(origin, 'local')
})

test('a reading late in the evening counts for the local day (6), and a timestamp of 0 is one', async () => {
  const { page } = await device()
  await call(page, 'storeContext', { ...CALM, timestamp: '2026-03-10T23:30:00Z', utcOffsetMin: 60 })
  await call(page, 'storeContext', { ...CALM, timestamp: 0, utcOffsetMin: -60 })
  assert.equal(await call(page, 'getDailyInsights', '2026-03-10'), null)
  assert.equal((await call(page, 'getDailyInsights', '2026-03-11')).totalContexts, 1)
  assert.deepEqual((await call(page, 'getDailyInsights', '1969-12-31')).peakHours, [23])
})

test('the job\'s row equals the draft, and follows late uploads and deletions (8), C-X5', async () => {
  const { page, id } = await device()
  const at = (hour) => new Date(Date.now() - 3 * 24 * HOUR_MS).setUTCHours(hour, 7, 0, 0)
  const date = new Date(at(8)).toISOString().slice(0, 10)
  const ids = []
  for (const hour of [8, 9, 10, 14]) ids.push((await call(page, 'storeContext', { ...CALM, focus: hour / 2, timestamp: at(hour), utcOffsetMin: 0 })).id)
  const daily = () => call(page, 'getDailyInsights', date)
  const draft = await daily()
  assert.deepEqual([draft.source, draft.final, draft.totalContexts], ['draft', false, 4])
  await jobRun(page)
  const server = await until('the server\'s row is here', async () => (await daily()).source === 'server' && daily())
  assert.deepEqual({ ...server, source: 'draft', final: false }, draft, 'equal figures')
  assert.equal(server.final, true)

  await call(page, 'storeContext', { ...CALM, timestamp: at(16), utcOffsetMin: 0 })
  assert.deepEqual([(await daily()).source, (await daily()).totalContexts], ['draft', 5], 'the draft has more')
  await jobRun(page)
  await until('the row was corrected', async () => (await daily()).source === 'server' && (await daily()).totalContexts === 5)

  assert.equal(await call(page, 'deleteContext', ids[0]), true)
  assert.deepEqual([(await daily()).source, (await daily()).totalContexts], ['draft', 4], 'a pending deletion')
  await syncNow(page)
  assert.deepEqual([(await daily()).source, (await daily()).totalContexts], ['draft', 4], 'acknowledged, the job not yet run')
  await jobRun(page)
  await until('the figure follows', async () => (await daily()).source === 'server' && (await daily()).totalContexts === 4)

  assert.equal(await call(page, 'editContext', ids[1], { timestamp: at(9) - 24 * HOUR_MS, utcOffsetMin: 0 }), true)
  assert.equal((await daily()).totalContexts, 3, 'moved to the day before')
  for (const snapshot of [ids[2], ids[3]]) await call(page, 'deleteContext', snapshot)
  const [{ id: last }] = await page.evaluate(async (from) => JSON.parse((await window.tc.query(`context_snapshots?recorded_at=gte.${from}`)).body), new Date(at(16)).toISOString())
  await call(page, 'deleteContext', last)
  assert.equal(await daily(), null, 'no contexts are no answer')
  await jobRun(page)
  await until('the row goes', async () => (await stack.server.sql('select from public.daily_insights where user_id = $1 and date = $2', [id, date])).length === 0)
  assert.equal(await call(page, 'deleteContext', ids[0]), false)
})

test('twelve pending readings are one compressed request; without the function they still arrive (10), and the log has the batch (14)', async () => {
  for (const missing of [false, true]) {
    const { person, page, id } = await device({ gzip: 'always' })
    await person.offline(true)
    for (let focus = 0; focus < 12; focus++) await call(page, 'storeContext', { ...CALM, focus: focus / 2 })
    withoutFunction = missing
    pushes.length = 0
    await person.offline(false)
    await until('they have arrived', async () => { await syncNow(page); return (await onServer(id)) === 12 })
    withoutFunction = false
    const direct = pushes.filter((name) => name !== 'apply_deltas').length
    assert.deepEqual([pushes[0], direct > 0], ['apply_deltas', missing])
    if (missing) continue
    const [log] = await until('the batch is in the sync log here', async () => {
      await syncNow(page)
      const rows = await page.evaluate(async () => JSON.parse((await window.tc.query('sync_logs?select=*')).body))
      return rows.length > 0 && rows
    })
    assert.deepEqual([log.function, log.received, log.applied, log.compressed], ['apply_deltas', 12, 12, true])
    assert.ok(!JSON.stringify(log).includes('communication'))
  }
})

test('of two edits of one version the later is skipped, and that is said (12), C-X8', async () => {
  const [a, b] = await pair()
  const { id } = await call(a.page, 'storeContext', CALM)
  await meet(a, b)
  await Promise.all([a.person.offline(true), b.person.offline(true)])
  assert.equal(await call(a.page, 'editContext', id, { focus: 9 }), true)
  assert.equal(await call(a.page, 'editContext', id, { focus: 9.5 }), true)
  assert.equal(await call(b.page, 'editContext', id, { focus: 1 }), true)
  await a.person.offline(false)
  await syncNow(a.page)
  await b.person.offline(false)
  await syncNow(b.page)
  await meet(a, b)
  const [row] = await stack.server.sql('select focus_level, version from public.context_snapshots where id = $1', [id])
  assert.deepEqual([Number(row.focus_level), row.version > 1], [9.5, true])
  for (const { page } of [a, b]) assert.equal((await call(page, 'getRecentInsights')).avgFocus, 9.5)
})

test('the export unpacks and its counts match, the server\'s and this device\'s (13)', async () => {
  const { person, page } = await device()
  for (const focus of [1, 2, 3]) await call(page, 'storeContext', { ...CALM, focus })
  await syncNow(page)
  const today = new Date().toISOString().slice(0, 10)
  for (const [off, origin] of [[false, 'server'], [true, 'device']]) {
    await person.offline(off)
    const exported = await page.evaluate(async (range) => {
      const { name, file, origin: from } = await (await window.openContext()).exportHistory(range)
      return { name, from, bytes: [...new Uint8Array(await file.arrayBuffer())] }
    }, { from: today, to: today })
    assert.deepEqual([exported.from, exported.name], [origin, `context-${today}-${today}.json.gz`])
    const lines = gunzipSync(Buffer.from(exported.bytes)).toString().trimEnd().split('\n').map((line) => JSON.parse(line))
    assert.deepEqual([lines[0].kind, lines[0].counts.snapshots, lines.filter(({ kind }) => kind === 'snapshot').length], ['manifest', 3, 3])
    assert.deepEqual([lines.at(-1).kind, lines[0].partial === true], ['end', off])
  }
})

test('every function answers offline, and storage says what is here', async () => {
  const { person, page } = await device()
  await person.offline(true)
  await call(page, 'storeContext', CALM)
  const stats = await call(page, 'getStorageStats')
  assert.deepEqual([stats.distinctRows, stats.outbox.mutations, stats.hot.rows >= 1], [1, 1, true])
  assert.ok(stats.outbox.oldestAgeMs >= 0 && stats.hot.bytes > 0)
  const round = await call(page, 'syncToCloud')
  assert.deepEqual([round.success, round.pending], [false, 1])
  assert.equal((await outboxOf(page)).length, 1)
  assert.equal((await call(page, 'getAura')).state, 'low')
  assert.equal((await call(page, 'getHistoricalInsights')).coverage, 'complete')
  assert.equal((await call(page, 'getSeries', 24)).line.length, 1)
  const refused = await page.evaluate(async () => (await window.openContext()).storeContext({ focus: 11, energy: 1, mood: 'calm', activity: 'rest' }).then(() => null, ({ code, message }) => ({ code, message })))
  assert.deepEqual([refused.code, refused.message.includes('focus is 11.00; give a number from 0 to 10')], ['invalid_request', true])
})

/** A new user's device that has synced once. */
async function device(settings, user = newUser()) {
  const person = await stack.person({ tables: TABLES, ...settings })
  const page = await person.page()
  const id = await signIn(page, user)
  await startSync(page)
  await page.evaluate(() => window.openContext()) // the module is here before the network goes
  return { person, page, id }
}

async function pair() {
  const user = newUser()
  const first = await device({}, user)
  return [first, await device({}, user)]
}

async function reopened(person, page) {
  await page.close()
  return person.page()
}

/** Online again, each has sent and heard from the other. */
async function meet(...devices) {
  for (const { person } of devices) await person.offline(false)
  for (let round = 0; round < 2; round++) for (const { page } of devices) await syncNow(page)
}

const call = (page, name, ...args) => page.evaluate(async ([method, given]) => (await window.openContext())[method](...given), [name, args])

const onServer = async (user) => Number((await stack.server.sql('select count(*) as n from public.context_snapshots where user_id = $1', [user]))[0].n)

/** What is here is sent, the job works off its notes, and what it wrote is fetched. */
async function jobRun(page) {
  await syncNow(page)
  await stack.server.sql('select public.generate_daily_insights()')
  await syncNow(page)
}

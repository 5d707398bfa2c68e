// What lies before a table's horizon (DESIGN 4): it stays on the server, is read through online, is missed by name
// offline, and is let go on request. Invariants 8 and 9.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { flushed, startSync, syncNow } from './harness/sync.mjs'
import { until } from './harness/until.mjs'

let stack
/** Reads of rows that reached the server. */
let reads = []
before(async () => { stack = await startStack({ intercept: note }) })
after(() => stack.stop())

/** Entries are named by their age in days. */
const AGES = [1, 2, 10, 20, 40, 50, 60]

test('a table within days: old rows are cold, read through online, marked missing offline', async () => {
  const { person, page } = await someone({ tables: [{ name: 'entries', days: 30 }] })
  const [entries] = (await usage(page)).tables
  assert.equal(entries.rows, 4)
  assert.ok(Math.abs(Date.parse(entries.horizon) - (Date.now() - 30 * 86_400_000)) < 3_600_000, entries.horizon)

  reads = []
  assert.deepEqual(await titles(page, 'order=created_at.desc&limit=3'), [1, 2, 10])
  assert.deepEqual(await titles(page, `created_at=gte.${daysAgo(25)}&order=created_at.desc`), [1, 2, 10, 20])
  assert.deepEqual(reads, [], 'inside the coverage nobody is asked')
  assert.deepEqual(await titles(page, 'order=created_at.desc&limit=6'), [1, 2, 10, 20, 40, 50])
  assert.equal(reads.length, 1, 'past it the server is')

  const old = await ask(page, 'title=eq.60&limit=1')
  const key = `id=eq.${old.rows[0].id}`
  reads = []
  assert.deepEqual((await ask(page, key)).rows, old.rows)
  assert.deepEqual(reads, [], 'what was read through is held by its key')

  // A change of a cold row, and one that is not on the server yet.
  await change(page, key, { mood: 5 })
  await person.offline(true)
  assert.deepEqual(await ask(page, key).then(({ rows, coverage }) => [rows[0].mood, coverage]), [5, null])
  assert.equal((await ask(page, 'order=created_at.desc&limit=3')).coverage, null)
  const all = await ask(page, 'order=created_at.desc', { prefer: 'count=exact' })
  assert.deepEqual([all.coverage, all.range.split('/')[1]], ['partial', '*'], 'never silently partial')
  assert.equal((await change(page, 'created_at=lt.2000-01-01', { mood: 1 })).code, 'unsupported_offline')

  await person.offline(false)
  await flushed(page)
  const [{ mood }] = await stack.server.sql('select mood from public.entries where id = $1', [old.rows[0].id])
  assert.equal(mood, 5)
})

test('old data is cleared from the device and not from the server, and does not come back by itself', async () => {
  const { page, id } = await someone({ tables: ['entries'] })
  assert.equal((await usage(page)).tables[0].rows, AGES.length, 'a table without bounds is whole')
  await page.evaluate(() => window.tc.storage.clearOldData(15))
  const after = await usage(page)
  assert.equal(after.tables[0].rows, 3)
  assert.deepEqual(after.tables[0].warm.rows + after.tables[0].hot.rows, 3)
  assert.ok(after.segments > 0 && after.log >= 0 && after.files === 0 && after.outbox.mutations === 0)
  await syncNow(page)
  assert.equal((await usage(page)).tables[0].rows, 3)
  assert.equal((await stack.server.sql('select from public.entries where user_id = $1', [id])).length, AGES.length)

  assert.deepEqual(await titles(page, 'title=in.(50,60)&order=created_at.desc&limit=2'), [50, 60])
  assert.equal((await usage(page)).tables[0].rows, 5)
  await page.evaluate(() => window.tc.storage.clearCache())
  assert.equal((await usage(page)).tables[0].rows, 3)
  assert.equal(typeof (await page.evaluate(() => window.tc.storage.persist())), 'boolean')
})

test('a live query past the coverage is told by the server when it may have news, and marked offline', async () => {
  const { person, page, id } = await someone({ tables: [{ name: 'entries', days: 30 }] })
  reads = []
  await page.evaluate(() => {
    window.told = []
    window.tc.live('entries?order=created_at.desc', ({ rows, partial }) => window.told.push(`${rows.map(({ title }) => title)}${partial ? ' partial' : ''}`))
  })
  const last = () => page.evaluate(() => window.told.at(-1))
  const asked = () => reads.filter((url) => url.includes('offset=0')).length
  await until('the cold rows', async () => (await last()) === '1,2,10,20,40,50,60')
  assert.equal((await page.evaluate(() => window.told[0])), '1,2,10,20 partial', 'what is here comes at once')

  await page.evaluate(() => window.supabase.from('entries').insert({ title: '0' }).throwOnError().then(() => null))
  await until('a change made here', async () => (await last()) === '0,1,2,10,20,40,50,60')
  await flushed(page)
  await syncNow(page)
  assert.equal(asked(), 1, 'nobody is asked for it')

  await stack.server.sql(`update public.entries set title = '61' where user_id = $1 and title = '60'`, [id])
  await syncNow(page)
  await until('a cold row that changed elsewhere', async () => (await last()) === '0,1,2,10,20,40,50,61')
  assert.equal(asked(), 2)

  await person.offline(true)
  await until('the mark', async () => (await last()) === '0,1,2,10,20,40,50,61 partial')
  await stack.server.sql(`delete from public.entries where user_id = $1 and title = '61'`, [id])
  await person.offline(false)
  await until('a reconnection', async () => (await last()) === '0,1,2,10,20,40,50')
})

test('a first pull of several pages asks for each under the one horizon', async () => {
  const person = await stack.person({ tables: [{ name: 'entries', days: 30 }] })
  const page = await person.page()
  const id = await signIn(page, newUser())
  await stack.server.sql(`insert into public.entries (user_id, title, created_at)
    select $1, n::text, now() - (n % 2) * interval '60 days' from generate_series(1, 5000) n`, [id])
  await startSync(page)
  assert.equal((await usage(page)).tables[0].rows, 2500)
  await page.evaluate(() => window.tc.storage.clearOldData(0))
  await syncNow(page)
  assert.equal((await usage(page)).tables[0].rows, 0)
})

test('bounds that cannot be are refused by name', async () => {
  const person = await stack.person({ tables: [{ name: 'entries', days: 0 }] })
  await assert.rejects(person.page(), /days of table "entries" is 0; it must be a whole number above 0/)
})

/** A user with an entry of each age, signed in and synced. */
async function someone(options) {
  const user = newUser()
  const first = await stack.person(options)
  const page = await first.page()
  const id = await signIn(page, user)
  for (const age of AGES) {
    await stack.server.sql('insert into public.entries (user_id, title, created_at) values ($1, $2, $3)', [id, `${age}`, daysAgo(age)])
  }
  await startSync(page)
  return { person: first, page, id }
}

const daysAgo = (days) => new Date(Date.now() - days * 86_400_000).toISOString()

const usage = (page) => page.evaluate(() => window.tc.storage.usage())

/** Rows of entries, and what the answer says of itself. */
function ask(page, query, headers = {}) {
  return page.evaluate(async ([path, given]) => {
    const { status, headers, body } = await window.tc.query({ path, headers: given })
    return { status, rows: JSON.parse(body), coverage: headers['thermocline-coverage'] ?? null, range: headers['content-range'] }
  }, [`entries?${query}`, headers])
}

async function titles(page, query) {
  const { rows, coverage } = await ask(page, query)
  assert.equal(coverage, null, query)
  return rows.map(({ title }) => Number(title))
}

/** Updates by filter; the error's body, or nothing. */
function change(page, query, changes) {
  return page.evaluate(async ([path, body]) => {
    const answer = await window.tc.query({ method: 'PATCH', path, body, headers: { 'content-type': 'application/json' } })
    return answer.status < 300 ? {} : JSON.parse(answer.body)
  }, [`entries?${query}`, JSON.stringify(changes)])
}

function note(req) {
  if (req.method === 'GET' && req.url.startsWith('/rest/v1/entries')) reads.push(req.url)
  return false
}

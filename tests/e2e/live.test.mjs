// Live queries, status, and sync as the app steers it (DESIGN 5, 6 and 10; invariants 2 and 9; PITFALLS 13 and 19).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pageRows, serverRows } from './harness/rows.mjs'
import { startStack } from './harness/stack.mjs'
import { faultOf, flushed, outboxOf, signedIn, statusOf, syncNow } from './harness/sync.mjs'
import { until } from './harness/until.mjs'

let stack
/** While set, the functions of sync are answered when it resolves. */
let held = null
before(async () => { stack = await startStack({ intercept: hold }) })
after(() => stack.stop())

test('a live query tells the rows now and after each change of them, and nothing else', async () => {
  const { server } = stack
  const { person, page, id } = await signedIn(stack)
  await person.offline(true)
  await page.evaluate(() => {
    window.told = []
    const query = window.supabase.from('entries').select('title').eq('status', 'open').order('title')
    window.stop = window.tc.live(query, ({ rows, partial }) => window.told.push(`${rows.map(({ title }) => title)}${partial ? ' partial' : ''}`))
  })
  const told = () => page.evaluate(() => window.told)
  const change = (verb, ...given) => page.evaluate(async ([name, row, key]) => {
    const query = window.supabase.from('entries')[name](row)
    await (key ? query.eq('title', key) : query).throwOnError()
  }, [verb, ...given])
  await until('it has told what is there now', async () => (await told()).length === 1)

  await change('insert', { title: 'b' })
  await until('an insert', async () => (await told()).at(-1) === 'b')
  await change('insert', { title: 'other', status: 'done' }) // matches nothing
  await change('update', { status: 'open' }, 'b') // changes nothing
  await change('update', { mood: 4 }, 'b') // changes no column it asks for
  await change('insert', { title: 'a' })
  await until('a second insert', async () => (await told()).at(-1) === 'a,b')
  await change('update', { status: 'done' }, 'b')
  await until('a row that leaves', async () => (await told()).at(-1) === 'a')
  await change('delete', undefined, 'a')
  await until('a delete', async () => (await told()).at(-1) === '')
  assert.deepEqual(await told(), ['', 'b', 'a,b', 'a', ''], 'each answer once')

  // What sync brings is told as well; being answered changes nothing that is asked for.
  await server.sql('insert into public.entries (user_id, title) values ($1, $2)', [id, 'from elsewhere'])
  await person.offline(false)
  await flushed(page)
  await syncNow(page)
  await until('a pulled row', async () => (await told()).at(-1) === 'from elsewhere')
  assert.deepEqual(await told(), ['', 'b', 'a,b', 'a', '', 'from elsewhere'])

  await page.evaluate(() => window.stop())
  await change('insert', { title: 'after it was stopped' })
  await flushed(page)
  assert.equal((await told()).length, 6)
})

test('status events follow a write from pending to synced, and say offline', async () => {
  const { person, page } = await signedIn(stack)
  await page.evaluate(() => {
    window.heard = []
    window.tc.on('status', ({ state, pending }) => window.heard.push({ state, pending }))
  })
  await person.offline(true)
  await insert(page, 'counted')
  await page.waitForFunction(() => window.heard.some(({ state, pending }) => state === 'offline' && pending === 1))
  const waiting = await statusOf(page)
  assert.deepEqual([waiting.state, waiting.pending], ['offline', 1])
  assert.ok(Date.now() - waiting.oldestPending < 60_000, 'health is the age of the oldest unanswered mutation')

  await person.offline(false)
  await page.waitForFunction(() => window.heard.at(-1).state === 'idle' && window.heard.at(-1).pending === 0)
  const states = await page.evaluate(() => window.heard.map(({ state }) => state))
  assert.ok(states.includes('pushing') && states.includes('pulling'), states.join())
  const now = await statusOf(page)
  assert.deepEqual([now.pending, now.refused, now.conflicts, now.oldestPending, now.error, now.held], [0, 0, 0, null, null, ['entries']])
  assert.ok(now.lastPush > 0 && now.lastPull > 0)
})

test('offline, `now` and `flushed` reject with `offline` and say that changes are kept', async () => {
  const { person, page } = await signedIn(stack)
  assert.equal(await faultOf(page, 'flushed'), null, 'with nothing to send it is flushed')
  await person.offline(true)
  await insert(page, 'kept')
  for (const call of ['now', 'flushed']) {
    const fault = await faultOf(page, call)
    assert.equal(fault.code, 'offline')
    assert.equal(fault.retryable, true)
    assert.match(fault.message, /changes are kept/)
  }
  assert.equal((await outboxOf(page)).length, 1)
})

test('sync.stop keeps the outbox and holds in every tab; sync.start sends it', async () => {
  const { server } = stack
  const { person, page, id } = await signedIn(stack)
  const other = await person.page()
  await until('sync is on in the other tab', async () => (await statusOf(other)).state === 'idle')
  await page.evaluate(() => window.tc.sync.stop())
  await until('sync is off in the other tab', async () => (await statusOf(other)).state === 'stopped')

  await insert(page, 'not to be sent')
  await insert(other, 'nor this')
  await until('both tabs have both', async () => (await outboxOf(page)).length === 2 && (await outboxOf(other)).length === 2)
  assert.equal((await faultOf(page, 'now')).code, 'invalid_request')
  assert.match((await faultOf(other, 'flushed')).message, /sync is off; call sync.start\(\) first/)
  const later = await person.page()
  assert.equal((await statusOf(later)).state, 'stopped', 'it stays off in tabs opened later')
  assert.equal((await outboxOf(later)).length, 2)
  assert.deepEqual(await serverRows(server, id), [])

  await page.evaluate(() => window.tc.sync.start())
  await until('sync is on in the other tab', async () => (await statusOf(other)).state !== 'stopped')
  await flushed(other)
  assert.deepEqual((await serverRows(server, id)).map(({ title }) => title).sort(), ['nor this', 'not to be sent'])
})

test('whoever waits for a round that is called off is told so', async () => {
  const { page } = await signedIn(stack)
  let release
  held = new Promise((resolve) => { release = resolve })
  await insert(page, 'kept')
  const settled = await page.evaluate(async () => {
    const { sync } = window.tc
    const waiting = [sync.now(), sync.now(), sync.flushed()]
    const all = Promise.allSettled(waiting)
    await sync.stop()
    const limit = new Promise((resolve) => setTimeout(resolve, 5_000, []))
    return (await Promise.race([all, limit])).map(({ status, reason }) => [status, reason?.code, reason?.message])
  })
  release()
  held = null
  const told = ['rejected', 'invalid_request', 'sync is off; call sync.start() first']
  assert.deepEqual(settled, [told, told, told])
  assert.equal((await outboxOf(page)).length, 1)
})

test('tc.query answers as supabase-js does: text to text, offline, reads and writes', async () => {
  const { person, page } = await signedIn(stack)
  await person.offline(true)
  const made = await ask(page, { method: 'POST', path: 'entries', headers: { prefer: 'return=representation' }, body: '{"title":"by query","amount":1.50}' })
  assert.equal(made.status, 201)
  assert.match(made.body, /"amount":1\.50/, 'no digit is lost on the way')
  const read = await ask(page, 'entries?select=title,amount&title=eq.by%20query')
  assert.deepEqual([read.status, read.body], [200, '[{"title":"by query","amount":1.50}]'])
  const counted = await ask(page, { method: 'HEAD', path: 'entries', headers: { prefer: 'count=exact' } })
  assert.deepEqual([counted.status, counted.headers['content-range'], counted.body], [200, '0-0/1', ''])
  assert.deepEqual((await pageRows(page)).map(({ title }) => title), ['by query'])
})

async function hold(req) {
  if (held && req.url.includes('/rpc/thermocline_')) await held
  return false
}

const insert = (page, title) => page.evaluate((given) => window.supabase.from('entries').insert({ title: given }).throwOnError().then(() => null), title)
const ask = (page, request) => page.evaluate((given) => window.tc.query(given), request)

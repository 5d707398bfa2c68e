// The end of a session: what waits is sent, or a person says what becomes of it; then nothing of the user is left,
// whatever tabs stood still meanwhile (DESIGN 9; invariant 11; PITFALLS 31).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { freeze } from './harness/standstill.mjs'
import { refuse, watchRequests } from './harness/requests.mjs'
import { pageRows, serverRows } from './harness/rows.mjs'
import { newUser, signIn, signOut, startStack } from './harness/stack.mjs'
import { everythingStored } from './harness/stored.mjs'
import { flushed, outboxOf, startSync, statusOf } from './harness/sync.mjs'
import { until } from './harness/until.mjs'
import { workerOf } from './harness/workers.mjs'

let stack
let pushesAreHeld = false
const requests = watchRequests((req, res) => pushesAreHeld && req.url.includes('/rpc/thermocline_') && refuse(req, res, 503, {}))
before(async () => { stack = await startStack({ intercept: requests.intercept }) })
after(() => stack.stop())

test('a sign-out first sends what waits, then leaves nothing on the device', async () => {
  const person = await stack.person()
  const page = await person.page()
  const user = newUser()
  const id = await signIn(page, user)
  await startSync(page)
  await insert(page, 'a secret that was just written')
  assert.equal(await signOut(page, { scope: 'others' }), null, 'others are signed out, this device is not')
  assert.equal((await statusOf(page)).user, id)
  assert.equal(await signOut(page), null)

  assert.deepEqual((await serverRows(stack.server, id)).map(({ title }) => title), ['a secret that was just written'])
  assert.equal((await statusOf(page)).user, null)
  const { text } = await everythingStored(page)
  assert.ok(!text.includes('a secret'))
  await until('the empty database is deleted', async () => !(await databases(page)).some((name) => name.endsWith(id)))
  await until('nothing names the user', async () => !(await everythingStored(page)).text.includes(id))
})

test('with unsent changes a sign-out is refused and changes nothing, until they are discarded by name', async () => {
  const person = await stack.person()
  const page = await person.page()
  const user = newUser()
  const id = await signIn(page, user)
  await startSync(page)
  await page.evaluate(() => window.tc.sync.stop())
  await insert(page, 'unsent')
  const other = await person.page()

  const refused = await page.evaluate(async () => {
    const { error } = await window.supabase.auth.signOut()
    return { code: error.code, status: error.status, message: error.message }
  })
  assert.deepEqual([refused.code, refused.status], ['unsynced_changes', 409])
  assert.match(refused.message, /^1 change has not reached the server\. Go online and sync first/)
  const { data } = await page.evaluate(() => window.supabase.auth.getSession())
  assert.equal(data.session.user.id, id, 'the session is kept')
  assert.equal(await page.evaluate(() => window.tc.session.signOut().then(() => null, ({ code }) => code)), 'unsynced_changes')
  for (const tab of [page, other]) assert.deepEqual(await titles(tab), ['unsent'])

  await page.evaluate(() => window.tc.session.signOut({ unsent: 'discard' }))
  // A request of the app that still bears the old token brings nothing back.
  assert.deepEqual(await shownBy(page), [])
  assert.equal((await statusOf(page)).user, null)
  assert.equal(await signOut(page), null)
  await until('the other tab has followed', async () => (await statusOf(other)).user === null)
  assert.ok(!(await everythingStored(page)).text.includes('unsent'))

  assert.equal(await signIn(page, user), id)
  await startSync(page)
  assert.deepEqual([await outboxOf(page), await titles(page)], [[], []])
  assert.deepEqual(await serverRows(stack.server, id), [])
})

test('a sign-out of scope local, which auth-js does not let anyone refuse, keeps what is unsent for the user\'s return', async () => {
  const person = await stack.person({ worker: true })
  const page = await person.page()
  const user = newUser()
  const id = await signIn(page, user)
  await startSync(page)
  await person.offline(true)
  await insert(page, 'offline')
  await signOut(page, { scope: 'local' })
  assert.equal((await statusOf(page)).user, null)
  assert.deepEqual(await shownBy(page), [])
  await person.offline(false)
  await signIn(page, user)
  await startSync(page)
  await flushed(page)
  assert.deepEqual((await serverRows(stack.server, id)).map(({ title }) => title), ['offline'])
})

test('a tab that stood still while another signed out shows and writes nothing of the former user', async () => {
  const person = await stack.person()
  const awake = await person.page()
  const [eve, next] = [newUser(), newUser()]
  const eves = await signIn(awake, eve)
  await startSync(awake)
  await insert(awake, 'by Eve')
  await flushed(awake)
  const asleep = await person.page()
  await asleep.evaluate(() => {
    window.seen = []
    window.tc.live('entries?select=title', ({ rows }) => window.seen.push(rows.map(({ title }) => title)))
  })
  await asleep.waitForFunction(() => window.seen.length > 0)
  await awake.evaluate(() => window.tc.sync.stop())
  await insert(asleep, 'unsent by Eve')
  // Under way as the tab falls asleep: its transaction comes after the wipe.
  await asleep.evaluate(() => {
    window.late = new Promise((resolve) => { window.goOn = resolve })
      .then(() => window.carryOut(['ask', { method: 'POST', path: 'entries', body: '{"title":"late by Eve"}' }]))
  })
  const thaw = await freeze(asleep)
  asleep.evaluate(() => { window.seen.length = 0; window.goOn() }).catch(() => undefined)

  await awake.evaluate(() => window.tc.session.signOut({ unsent: 'discard' }))
  assert.equal(await signOut(awake), null)
  const nexts = await signIn(awake, next)
  await startSync(awake)
  await insert(awake, 'by the next')
  await thaw()
  await until('the tab has followed', async () => (await statusOf(asleep)).user === nexts)
  await asleep.evaluate(() => window.late.catch(() => undefined))
  await flushed(awake)
  assert.deepEqual(await until('it shows the next user\'s rows', async () => (await titles(asleep)).length > 0 && titles(asleep)), (await titles(awake)))
  const seen = await asleep.evaluate(() => window.seen.flat())
  assert.ok(!seen.some((title) => title.startsWith('unsent') || title === 'by Eve'), `a live query showed ${seen}`)
  assert.deepEqual((await serverRows(stack.server, nexts)).map(({ title }) => title).filter((title) => title !== 'late by Eve'), ['by the next'])

  // Nor does it come back when she does.
  assert.equal(await signOut(awake), null)
  assert.equal(await signIn(awake, eve), eves)
  await startSync(awake)
  await until('the tab has followed her', async () => (await statusOf(asleep)).user === eves)
  for (const tab of [awake, asleep]) assert.deepEqual([await outboxOf(tab), await titles(tab)], [[], ['by Eve']])
})

test('three users in turn in interleaved tabs: each push bears the token of the user whose changes it holds', async () => {
  const person = await stack.person()
  const tabs = [await person.page(), await person.page(), await person.page()]
  const users = [newUser(), newUser(), newUser()]
  const begun = requests.pushes().length
  const ids = []
  for (const turn of [0, 1, 2, 0, 1, 2]) {
    const [signing, other] = [tabs[turn], tabs[(turn + 1) % 3]]
    ids[turn] = await signIn(signing, users[turn])
    await until('another tab has followed', async () => (await statusOf(other)).user === ids[turn])
    await startSync(other)
    await Promise.all([insert(signing, `by ${turn}`), insert(other, `by ${turn}`)])
    await flushed(signing)
    await signing.evaluate(() => window.tc.sync.stop())
    await insert(other, `left by ${turn}`)
    await other.evaluate(() => window.tc.session.signOut({ unsent: 'keep' }))
    assert.equal(await signOut(other), null)
    for (const tab of tabs) await until('nobody is signed in', async () => (await statusOf(tab)).user === null)
    // supabase-js's own copy of the session: one process of the browser hears of another's change a little later.
    const forgotten = () => signing.evaluate(() => window.supabase.auth.getSession().then(({ data }) => data.session === null))
    await until('supabase-js has followed', forgotten)
    assert.deepEqual(await shownBy(signing), [])
  }
  const pushes = requests.pushes().slice(begun)
  assert.ok(pushes.length >= 6)
  for (const { sub, body } of pushes) {
    assert.ok(ids.includes(sub), 'no push without a user')
    for (const { rows } of JSON.parse(body).batch) for (const { _u: user } of rows) assert.equal(user, sub)
  }
  for (const [turn, id] of ids.entries()) {
    const stored = (await serverRows(stack.server, id)).map(({ title }) => title).sort()
    assert.deepEqual(stored, [`by ${turn}`, `by ${turn}`, `by ${turn}`, `by ${turn}`, `left by ${turn}`])
  }
})

test('tokens are sealed at rest; a worker with no page open renews an expired one, and the next page takes what it got', async () => {
  const ann = await stack.person({ worker: true })
  const page = await ann.page()
  const id = await signIn(page, newUser())
  await startSync(page)
  const { access_token: access, refresh_token: refresh } = await storedSession(page)
  const { text } = await everythingStored(page)
  const [, claims, signature] = access.split('.')
  for (const secret of [claims, signature, refresh]) assert.ok(!text.includes(secret), 'a token lies there in plain')

  pushesAreHeld = true
  await insert(page, 'for the worker')
  const elsewhere = await ann.context.newPage()
  for (const tab of ann.context.pages()) if (tab !== elsewhere) await tab.close()
  pushesAreHeld = false
  requests.expired.add(access)
  const before = requests.refreshes().length
  await (await workerOf(elsewhere, stack.server.url)).sync()
  await until('the worker has sent it', async () => (await serverRows(stack.server, id)).length === 1)
  assert.equal(requests.refreshes().length - before, 1)

  const again = await ann.page()
  const renewed = await again.evaluate(() => window.supabase.auth.refreshSession().then(({ data, error }) => ({ code: error?.code ?? null, user: data.user?.id })))
  assert.deepEqual(renewed, { code: null, user: id })
  assert.equal(requests.refreshes().length - before, 1, 'the spent token got the stored answer')
  assert.equal(await again.evaluate(() => window.supabase.auth.getUser().then(({ data }) => data.user?.id)), id)
})

const insert = (page, title) => page.evaluate((given) => window.supabase.from('entries').insert({ title: given }).throwOnError().then(() => undefined), title)
const titles = async (page) => (await pageRows(page)).map(({ title }) => title).sort()
/** What the page shows without a session: rows, or none where it is refused. */
const shownBy = (page) => page.evaluate(async () => (await window.supabase.from('entries').select()).data ?? [])
const databases = (page) => page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))
const storedSession = (page) => page.evaluate(() => JSON.parse(Object.entries(localStorage).find(([name]) => name.endsWith('auth-token'))[1]))

// Sessions: one that expires offline keeps its database open, tabs refresh once between them, and nobody
// sees or sends another's rows (DESIGN 9; invariant 11; PITFALLS 20, 30 and 31).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pageRows, serverRows } from './harness/rows.mjs'
import { newUser, signIn, signOut, startStack } from './harness/stack.mjs'
import { flushed, outboxOf, startSync, statusOf, syncNow } from './harness/sync.mjs'
import { until } from './harness/until.mjs'

/** Longest that a request may take that the device answers; supabase-js alone would try to refresh for 25 s. */
const ANSWER_MS = 2_000

let stack
const requests = []
before(async () => { stack = await startStack({ intercept: note }) })
after(() => stack.stop())

test('a session that expires offline keeps its database open; sync goes on after a refresh', async () => {
  const hasty = await startStack({ jwtExpiry: 4 })
  after(() => hasty.stop())
  const { server } = hasty
  const ann = await hasty.person({ worker: true })
  const page = await ann.page()
  const id = await signIn(page, newUser())
  await startSync(page)
  await insert(page, 'online')
  await flushed(page)

  await ann.offline(true)
  await expired(page)
  for (const title of ['expired 1', 'expired 2']) assert.ok((await insert(page, title)) < ANSWER_MS)
  assert.deepEqual(await titles(page), ['expired 1', 'expired 2', 'online'])
  await page.close()

  // A page that opens with the expired session is its user's too.
  const again = await ann.page()
  assert.equal((await statusOf(again)).user, id)
  assert.ok((await insert(again, 'expired 3')) < ANSWER_MS)
  const { data } = await again.evaluate(() => window.supabase.auth.getSession())
  assert.equal(data.session?.user.id, id, 'the app still knows who is signed in')

  await ann.offline(false)
  await flushed(again)
  assert.deepEqual((await serverRows(server, id)).map(({ title }) => title).sort(), ['expired 1', 'expired 2', 'expired 3', 'online'])
})

test('two tabs refresh at once: one request reaches the server, and both stay signed in', async () => {
  const ben = await stack.person()
  const first = await ben.page()
  await signIn(first, newUser())
  const second = await ben.page()
  const { refresh_token: token } = await storedSession(second)

  requests.length = 0
  const refresh = (page) => page.evaluate(async (spent) => {
    const answer = await window.tc.fetch(`${location.origin}/auth/v1/token?grant_type=refresh_token`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ refresh_token: spent }),
    })
    return { status: answer.status, ...(await answer.json()) }
  }, token)
  const [one, two] = await Promise.all([refresh(first), refresh(second)])
  assert.deepEqual([one.status, two.status], [200, 200])
  const sent = requests.filter(({ url, body }) => url.includes('grant_type=refresh_token') && body.includes(token))
  assert.equal(sent.length, 1, 'a refresh token is spent once')
  for (const page of [first, second]) {
    const { data, error } = await page.evaluate(() => window.supabase.auth.refreshSession())
    assert.equal(error, null)
    assert.ok(data.session)
  }
})

test('whoever signs in next never sees, sends or overwrites the rows of the one before (invariant 11)', async () => {
  const { server } = stack
  const shared = await stack.person({ worker: true })
  const page = await shared.page()
  const [cara, dan] = [newUser(), newUser()]
  const caras = await signIn(page, cara)
  await startSync(page)
  await insert(page, 'synced by Cara')
  await flushed(page)
  await page.evaluate(() => window.tc.sync.stop())
  await insert(page, 'not yet sent by Cara')
  assert.equal((await outboxOf(page)).length, 1)

  await page.evaluate(() => window.tc.session.signOut({ unsent: 'keep' }))
  await signOut(page)
  assert.equal((await statusOf(page)).user, null)
  assert.deepEqual(await shownBy(page), [], 'signed out, nothing is shown')

  requests.length = 0
  const dans = await signIn(page, dan)
  await startSync(page)
  assert.equal((await statusOf(page)).user, dans)
  assert.deepEqual(await outboxOf(page), [], 'the outbox is Cara\'s')
  await insert(page, 'by Dan')
  await flushed(page)
  await syncNow(page)
  assert.deepEqual(await titles(page), ['by Dan'])
  assert.deepEqual((await serverRows(server, dans)).map(({ title }) => title), ['by Dan'])
  assert.deepEqual((await serverRows(server, caras)).map(({ title }) => title), ['synced by Cara'])
  for (const { body } of requests) assert.ok(!body.includes('Cara'), 'no request of Dan\'s session holds a row of Cara\'s')

  // Her change was kept for her, and goes out under her name.
  await signOut(page)
  await signIn(page, cara)
  await startSync(page)
  await flushed(page)
  await syncNow(page)
  assert.deepEqual(await titles(page), ['not yet sent by Cara', 'synced by Cara'])
  const stored = await serverRows(server, caras)
  assert.deepEqual(stored.map(({ title }) => title).sort(), ['not yet sent by Cara', 'synced by Cara'])
  assert.ok(stored.every(({ user_id: owner }) => owner === caras))
  assert.deepEqual((await serverRows(server, dans)).map(({ title }) => title), ['by Dan'])
})

test('a second tab follows when the first signs in as someone else', async () => {
  const pair = await stack.person()
  const first = await pair.page()
  await signIn(first, newUser())
  await startSync(first)
  await insert(first, 'of the first user')
  const second = await pair.page()
  await until('the second tab shows the row', async () => (await titles(second)).includes('of the first user'))
  await flushed(first)

  await signOut(first)
  const next = await signIn(first, newUser())
  await until('the second tab has followed', async () => (await statusOf(second)).user === next)
  await startSync(second)
  assert.deepEqual(await titles(second), [])
  await insert(second, 'of the next user')
  await flushed(second)
  assert.deepEqual((await serverRows(stack.server, next)).map(({ title }) => title), ['of the next user'])
})

/** Milliseconds that the insert took. */
function insert(page, title) {
  return page.evaluate(async (given) => {
    const begun = performance.now()
    await window.supabase.from('entries').insert({ title: given }).throwOnError()
    return performance.now() - begun
  }, title)
}

const titles = async (page) => (await pageRows(page)).map(({ title }) => title).sort()

/** What the page shows without a session: rows, or none where it is refused. */
const shownBy = (page) => page.evaluate(async () => (await window.supabase.from('entries').select()).data ?? [])

/** supabase-js's own, which the tabs of a browser share. */
const storedSession = (page) => page.evaluate(() => JSON.parse(Object.entries(localStorage).find(([name]) => name.endsWith('auth-token'))[1]))

/** Waits until the page's access token is of no more use. */
async function expired(page) {
  const { expires_at: at } = await storedSession(page)
  await until('the access token has expired', () => Date.now() > at * 1000 + 500)
}

/** Remembers each request to the API with its body, and lets it pass. */
function note(req) {
  if (!/^\/(rest|auth)\//.test(req.url)) return false
  const noted = { url: req.url, body: '' }
  requests.push(noted)
  // Looks at what the server reads, when it reads it.
  const { push } = req
  req.push = (chunk, encoding) => {
    if (chunk) noted.body += chunk
    return push.call(req, chunk, encoding)
  }
  return false
}

// One refresher for all contexts: a refresh token is spent once, however many tabs and workers want to,
// and whatever becomes of the answer nobody is signed out and no data is lost (DESIGN 9; SYNC 5; PITFALLS 20 and 30).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { loseAnswer } from './harness/network.mjs'
import { isRefresh, refuse, watchRequests } from './harness/requests.mjs'
import { keepLedger, pageRows, repeated, serverRows } from './harness/rows.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { faultOf, flushed, outboxOf, signedIn, startSync, statusOf, syncNow } from './harness/sync.mjs'
import { until } from './harness/until.mjs'

const ROUNDS = 100
/** More than three batches. */
const MANY = 700

let stack
/** What the test at hand does with a request. */
let disturb = () => false
const requests = watchRequests((req, res, noted) => disturb(req, res, noted))
before(async () => { stack = await startStack({ intercept: requests.intercept }) })
after(() => stack.stop())

test(`two tabs and a worker refresh one expired token ${ROUNDS} times: one request each, and everyone stays signed in`, async () => {
  const { person, page: first, id } = await signedIn(stack)
  const second = await person.page()
  const worker = await startWorker(first)
  let { access_token: access, refresh_token: token } = await storedSession(first)

  for (let round = 0; round < ROUNDS; round += 1) {
    const before = requests.refreshes().length
    requests.expired.add(access)
    // The tabs refresh as supabase-js does; the worker finds out in a round of its own.
    const [one, two, fault] = await Promise.all([refresh(first, token), refresh(second, token), syncOf(worker)])
    assert.deepEqual([one.status, two.status, fault], [200, 200, null], `round ${round}`)
    assert.equal(one.access_token, two.access_token)
    assert.notEqual(one.refresh_token, token)
    assert.equal(requests.refreshes().length - before, 1, `round ${round}: a refresh token is spent once`)
    ;({ access_token: access, refresh_token: token } = one)
  }
  for (const page of [first, second]) {
    const { data, error } = await page.evaluate(() => window.supabase.auth.refreshSession())
    assert.deepEqual([error, data.user?.id], [null, id])
    await insert(page, 'after all that')
    await flushed(page)
  }
  assert.equal(await syncOf(worker), null)
  assert.equal((await serverRows(stack.server, id)).length, 2)
})

test('a refresh whose answer is lost is asked again and gets the same successor; nobody is signed out', async () => {
  const { page, id } = await signedIn(stack)
  const { refresh_token: token } = await storedSession(page)
  const lost = loseAnswers(1)
  const lent = await refresh(page, token)
  assert.deepEqual([lost(), lent.status, lent.refresh_token], [1, 200, token], 'until then the session it has is lent')
  const renewed = await refresh(page, token)
  assert.equal(renewed.status, 200)
  assert.notEqual(renewed.refresh_token, token)

  // The same of a refresh that a round needs.
  requests.expired.add(renewed.access_token)
  const lostAgain = loseAnswers(1)
  assert.equal((await faultOf(page, 'now'))?.code, 'offline')
  assert.equal(lostAgain(), 1)
  requests.expired.add(renewed.access_token)
  await syncNow(page)
  const { data, error } = await page.evaluate(() => window.supabase.auth.refreshSession())
  assert.deepEqual([error, data.user?.id], [null, id])
})

test('a session that the server has ended costs nothing: all data stays, writes go on, and the next sign-in sends them', async () => {
  const { server } = stack
  const person = await stack.person()
  const user = newUser()
  const page = await person.page()
  const id = await signIn(page, user)
  await startSync(page)
  await insert(page, 'before')
  await flushed(page)
  const { access_token: access } = await storedSession(page)

  requests.expired.add(access)
  disturb = (req, res) => {
    requests.expired.add(access) // a refresh that is refused makes none of use
    return isRefresh(req) && refuse(req, res, 400, { code: 400, error_code: 'refresh_token_not_found', msg: 'Invalid Refresh Token: Refresh Token Not Found' })
  }
  await insert(page, 'while ended 1')
  const fault = await faultOf(page, 'now')
  assert.equal(fault.code, 'unauthorized')
  assert.match(fault.message, /sign in again/)
  const code = await page.evaluate(() => window.supabase.auth.refreshSession().then(({ error }) => error?.code))
  assert.equal(code, 'refresh_token_not_found', 'supabase-js is told, too')
  await insert(page, 'while ended 2')
  assert.deepEqual(await titles(page), ['before', 'while ended 1', 'while ended 2'])

  const again = await person.page()
  const status = await until('the status says why', async () => {
    const now = await statusOf(again)
    return now.error && now
  })
  assert.deepEqual([status.user, status.error.code, status.pending], [id, 'unauthorized', 2])
  assert.match(status.error.message, /sign in again/)
  assert.deepEqual(await titles(again), ['before', 'while ended 1', 'while ended 2'])
  assert.equal((await serverRows(server, id)).length, 1)

  disturb = () => false
  assert.equal(await signIn(page, user), id)
  await until('what was written meanwhile is sent without being asked', async () => (await outboxOf(page)).length === 0)
  assert.deepEqual((await serverRows(server, id)).map(({ title }) => title).sort(), ['before', 'while ended 1', 'while ended 2'])
  await until('the other tab goes on, too', async () => (await statusOf(again)).error === null)
})

test('a token that expires between the batches of a drain is renewed, and the same batch is sent once more, exactly once', async () => {
  const { server } = stack
  await keepLedger(server)
  const { page, id } = await signedIn(stack)
  await page.evaluate(() => window.tc.sync.stop())
  await page.evaluate(async (count) => {
    const rows = Array.from({ length: count }, (_, n) => ({ title: `row ${n}` }))
    await window.supabase.from('entries').insert(rows).throwOnError()
  }, MANY)
  const before = requests.pushes().length
  let pushes = 0
  disturb = (req, res) => {
    if (!req.url.includes('/rpc/thermocline_push')) return false
    pushes += 1
    // The second batch finds the token expired; the answer to the third is lost, and its repetition finds it expired again.
    if (pushes === 3) loseAnswer(req, res)
    if (pushes !== 2 && pushes !== 5) return false
    requests.expired.add(req.headers.authorization.replace('Bearer ', ''))
    return refuse(req, res, 401, { code: 'PGRST303', message: 'JWT expired' })
  }
  const refreshes = requests.refreshes().length
  await startSync(page).catch(() => undefined) // the lost answer ends the first round
  await until('everything is sent', async () => (await outboxOf(page)).length === 0, 40_000)
  disturb = () => false
  const sent = requests.pushes().slice(before)
  assert.ok(pushes >= 6, `${pushes} pushes`)
  assert.equal(sent[1].body, sent[2].body, 'the same batch again')
  assert.equal(requests.refreshes().length - refreshes, 2)
  assert.equal((await serverRows(server, id)).length, MANY)
  assert.deepEqual(await repeated(server), [])
})

/** From now on the answers of so many refreshes are lost, their work done; how many were. */
function loseAnswers(count) {
  let lost = 0
  disturb = (req, res) => {
    if (isRefresh(req) && lost < count) {
      lost += 1
      loseAnswer(req, res)
    }
    return false
  }
  return () => lost
}

/** A dedicated worker with Thermocline open in it. */
async function startWorker(page) {
  const [worker] = await Promise.all([page.waitForEvent('worker'), page.evaluate(() => { window.worker = window.startWorker() })])
  await until('the worker listens', () => worker.evaluate(() => 'carryOut' in self))
  const options = { url: stack.server.url, key: stack.server.anonKey, tables: ['entries'] }
  const { fault } = await worker.evaluate((given) => self.carryOut(['open', given]), options)
  assert.equal(fault, undefined)
  return worker
}

/** A round in the worker: null, or why it failed. */
async function syncOf(worker) {
  const { fault } = await worker.evaluate(() => self.carryOut(['sync']))
  return fault ?? null
}

async function refresh(page, token) {
  const { done } = await page.evaluate((given) => window.carryOut(['refresh', given]), { url: stack.server.url, token })
  return done
}

const insert = (page, title) => page.evaluate((given) => window.supabase.from('entries').insert({ title: given }).throwOnError().then(() => undefined), title)
const titles = async (page) => (await pageRows(page)).map(({ title }) => title).sort()
const storedSession = (page) => page.evaluate(() => JSON.parse(Object.entries(localStorage).find(([name]) => name.endsWith('auth-token'))[1]))

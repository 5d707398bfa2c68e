// Bad input and bad set-up: each says what, where and what to do, and nothing is lost (DESIGN 10;
// invariants 1, 2 and 10; PITFALLS 7, 13, 14, 15 and 20).

import assert from 'node:assert/strict'
import net from 'node:net'
import { after, before, test } from 'node:test'
import { pageRows, serverRows } from './harness/rows.mjs'
import { leaveChecksToServer, newUser, signIn, startStack } from './harness/stack.mjs'
import { faultOf, flushed, outboxOf, signedIn, statusOf, syncNow } from './harness/sync.mjs'

let stack
before(async () => {
  stack = await startStack()
  await leaveChecksToServer(stack.server)
})
after(() => stack.stop())

test('a wrong URL is `offline`, names the URL, and the write goes out once it is right', async () => {
  const { server } = stack
  const { person, id } = await signedIn(stack, { name: 'bad input' })
  const url = await deadUrl()

  const wrong = await person.page({ url })
  await insert(wrong, { title: 'kept' })
  const fault = await faultOf(wrong, 'now')
  assert.equal(fault.code, 'offline')
  assert.equal(fault.retryable, true)
  says(fault.message, url, /cannot be reached/, /check the network and the project's URL/, /changes are kept/)
  const status = await statusOf(wrong)
  assert.deepEqual([status.state, status.pending, status.refused, status.error.code], ['limited', 1, 0, 'offline'])
  assert.deepEqual(await titles(wrong), ['kept'])
  await wrong.close()

  await flushed(await person.page())
  assert.deepEqual((await serverRows(server, id)).map(({ title }) => title), ['kept'])
})

test('a wrong URL from the first visit says so: in the status and in each answer', async () => {
  const url = await deadUrl()
  const stranger = await stack.person({ url })
  const page = await stranger.page()
  const { error } = await statusOf(page)
  assert.equal(error?.code, 'offline')
  says(error.message, url, /cannot be reached/)
  const fault = await page.evaluate(() => window.tc.query('entries').then(() => null, ({ code, message }) => ({ code, message })))
  assert.equal(fault.code, 'offline')
  says(fault.message, url)
})

test('a wrong key is `unauthorized`, speaks of the key, and the write goes out once it is right', async () => {
  const { server } = stack
  const { person, id } = await signedIn(stack, { name: 'bad input' })

  const wrong = await person.page({ key: 'sb_publishable_of_another_project' })
  await insert(wrong, { title: 'kept' })
  const fault = await faultOf(wrong, 'now')
  assert.equal(fault.code, 'unauthorized')
  says(fault.message, /401/, /check the project's key/, /Nothing local is lost/)
  assert.equal((await statusOf(wrong)).pending, 1)
  assert.deepEqual(await titles(wrong), ['kept'])
  await wrong.close()

  await flushed(await person.page())
  assert.deepEqual((await serverRows(server, id)).map(({ title }) => title), ['kept'])
})

test('where the migration is gone it is `incompatible_server`, with the command that installs it', async () => {
  const { server } = stack
  const { person, page, id } = await signedIn(stack, { name: 'bad input' })
  await server.sql('alter function public.thermocline_push rename to thermocline_push_gone')
  await server.sql(`notify pgrst, 'reload schema'`)
  await insert(page, { title: 'kept' })
  const fault = await faultOf(page, 'now')
  assert.equal(fault.code, 'incompatible_server')
  says(fault.message, /thermocline_push/, /migration/, /supabase db push/)
  assert.deepEqual((await outboxOf(page)).map(({ state }) => state), ['sent'], 'it waits; it was not refused')
  assert.deepEqual(await titles(page), ['kept'])

  await server.sql('alter function public.thermocline_push_gone rename to thermocline_push')
  await flushed(page)
  assert.deepEqual((await serverRows(server, id)).map(({ title }) => title), ['kept'])
  await person.leave()
})

test('a project without the migration is `incompatible_server` from the first visit', async () => {
  const bare = await startStack({ migrations: false })
  try {
    const stranger = await bare.person()
    const page = await stranger.page()
    await signIn(page, newUser())
    await page.evaluate(() => window.tc.sync.start())
    const fault = await faultOf(page, 'now')
    assert.equal(fault.code, 'incompatible_server')
    says(fault.message, /thermocline_schema/, /supabase db push/)
    const { error } = await page.evaluate(() => window.supabase.from('entries').insert({ title: 'nowhere to go' }))
    assert.ok(error, 'what neither device nor server holds is not acknowledged')
  } finally {
    await bare.stop()
  }
})

test('refused rows become dead letters with their reason; all others go out (invariant 10)', async () => {
  const { server } = stack
  const { person, page, id } = await signedIn(stack, { name: 'bad input' })
  await server.sql('insert into public.entries (user_id, title, slug) values ($1, $2, $3)', [id, 'from elsewhere', 'taken'])

  await person.offline(true)
  const [long, twin] = [{ title: 'x'.repeat(501) }, { title: 'a twin', slug: 'taken' }]
  for (const row of [{ title: 'before' }, long, { title: 'between' }, twin, { title: 'after' }]) await insert(page, row)
  await person.offline(false)
  await flushed(page)

  assert.deepEqual((await serverRows(server, id)).map(({ title }) => title).sort(), ['after', 'before', 'between', 'from elsewhere'])
  const letters = await outboxOf(page)
  assert.deepEqual(letters.map(({ table, operation, state, changes, error }) => [table, operation, state, changes.title, error.code]), [
    ['entries', 'insert', 'refused', long.title, '23514'],
    ['entries', 'insert', 'refused', twin.title, '23505'],
  ])
  says(letters[0].error.message, /entries_title_is_short/)
  says(letters[1].error.message, /entries_user_id_slug_key/)
  const status = await statusOf(page)
  assert.deepEqual([status.pending, status.refused], [0, 2])

  // What was typed is still there, and what is written next is not held back.
  await syncNow(page)
  assert.ok((await titles(page)).includes(long.title) && (await titles(page)).includes(twin.title))
  await insert(page, { title: 'later' })
  await flushed(page)
  assert.ok((await serverRows(server, id)).some(({ title }) => title === 'later'))
})

test('a malformed request gets 400 and the code and message that PostgREST gives it', async () => {
  const { server } = stack
  const { page } = await signedIn(stack, { name: 'bad input' })
  const asked = { held: 'entries?mood=eq.3', operator: 'entries?mood=foo.3', value: 'entries?mood=eq.abc', column: 'entries?moood=eq.3', order: 'entries?order=moood' }
  const local = await page.evaluate(async (paths) => {
    const answers = await Promise.all(paths.map((path) => window.tc.query(path)))
    return answers.map(({ status, body }) => ({ status, ...JSON.parse(body) }))
  }, Object.values(asked))
  const token = await page.evaluate(async () => (await window.supabase.auth.getSession()).data.session.access_token)
  const headers = { apikey: server.anonKey, authorization: `Bearer ${token}` }
  for (const [n, [what, path]] of Object.entries(asked).entries()) {
    const remote = await fetch(`${server.url}/rest/v1/${path}`, { headers })
    const body = await remote.json()
    assert.equal(local[n].status, remote.status, what)
    assert.equal(local[n].code, body.code, what)
    assert.equal(local[n].message, body.message, what)
    if (what !== 'held') assert.equal(remote.status, 400)
  }
  const { error, status } = await page.evaluate(() => window.supabase.from('entries').select().filter('mood', 'eq', 'abc'))
  assert.deepEqual([status, error.code], [400, '22P02'])
  says(error.message, /smallint/, /abc/)
})

test('an oversized row is `invalid_request` with the limit; the row beside it is kept', async () => {
  const { server } = stack
  const { person, page, id } = await signedIn(stack, { name: 'bad input' })
  await person.offline(true)
  const { error, status } = await page.evaluate(() =>
    window.supabase.from('entries').insert({ title: 'huge', meta: { text: 'x'.repeat(1_100_000) } }))
  assert.deepEqual([status, error.code], [413, 'invalid_request'])
  says(error.message, /row 1/, /1048576/)
  says(error.hint, /Storage/)
  await insert(page, { title: 'small' })
  assert.deepEqual(await titles(page), ['small'])
  await person.offline(false)
  await flushed(page)
  assert.deepEqual((await serverRows(server, id)).map(({ title }) => title), ['small'])
})

const insert = (page, row) => page.evaluate((given) => window.supabase.from('entries').insert(given).throwOnError().then(() => null), row)
const titles = async (page) => (await pageRows(page)).map(({ title }) => title)

/** Asserts that a message has all these parts. */
function says(message, ...parts) {
  for (const part of parts) {
    if (part instanceof RegExp) assert.match(message, part)
    else assert.ok(message.includes(part), `${JSON.stringify(message)} does not name ${part}`)
  }
}

/** An address where nobody listens. */
async function deadUrl() {
  const probe = net.createServer()
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return `http://127.0.0.1:${port}`
}

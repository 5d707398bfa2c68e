// Encryption at rest, through supabase-js in a browser: nothing on the disk can be read, a passphrase locks
// every tab and the worker, and what is shredded is gone (PITFALLS 24; DESIGN 4).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pageRows, serverRows, textsOf } from './harness/rows.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { everythingStored } from './harness/stored.mjs'
import { flushed, startSync, statusOf } from './harness/sync.mjs'
import { until } from './harness/until.mjs'
import { GIVEN, perform, Writer } from './harness/writes.mjs'

const PASSPHRASE = 'a stone, a leaf, an unfound door'
const SECRET = 'nobody else may read this title'

let stack
before(async () => { stack = await startStack() })
after(() => stack.stop())

test('no row, table name, key or token can be read from IndexedDB, synced or pending', async () => {
  const { person, page, user } = await begin({ encrypt: true })
  await insert(page, SECRET)
  await flushed(page)
  await person.offline(true)
  await insert(page, `${SECRET}, either`)
  assert.equal((await pageRows(page)).length, 2)
  await nothingReadable(page, user)
  assert.equal(await page.evaluate(() => window.tc.encryption.state()), 'on')
})

test('encryption that is turned on later seals what was there and loses nothing', async () => {
  const { person, page, user } = await begin({})
  const writer = new Writer('turned on later')
  await perform(page, writer.take(60))
  await insert(page, SECRET)
  await flushed(page)
  await person.offline(true)
  await insert(page, `${SECRET}, pending`)
  const before = textsOf(await pageRows(page))
  assert.ok((await everythingStored(page)).text.includes(SECRET), 'the test finds what is in plain')
  await person.offline(false)

  await page.close()
  const sealed = await person.page({ encrypt: true })
  assert.deepEqual(textsOf(await pageRows(sealed)).length, before.length)
  await until('all of it is sealed', async () => !/nobody else may|entries/.test((await everythingStored(sealed)).text))
  await nothingReadable(sealed, user)

  // The option is not needed again.
  await sealed.close()
  const again = await person.page()
  assert.equal(await again.evaluate(() => window.tc.encryption.state()), 'on')
  assert.equal((await pageRows(again)).length, before.length)
  assert.deepEqual(textsOf((await pageRows(again)).filter(({ id }) => writer.rows.has(id)), GIVEN), textsOf(writer.rows.values(), GIVEN))
})

test('a passphrase opens, a wrong one does not, and locking locks every tab', async () => {
  const { person, page, user, id } = await begin({ encrypt: { passphrase: PASSPHRASE } })
  await insert(page, SECRET)
  await flushed(page)
  const other = await person.page({ encrypt: {} })
  assert.equal((await pageRows(other)).length, 1, 'an open tab gave it the key')

  await page.evaluate(() => window.tc.encryption.lock())
  await until('the other tab is locked', async () => (await stateOf(other)) === 'locked')
  for (const tab of [page, other]) {
    const { error, status } = await tab.evaluate(() => window.supabase.from('entries').select('*'))
    assert.deepEqual([status, error.code], [423, 'locked'])
    assert.equal((await statusOf(tab)).error.code, 'locked')
    assert.equal(await codeOf(tab, (tc) => tc.sync.now()), 'locked')
  }
  assert.equal(await codeOf(page, (tc) => tc.encryption.unlock('a guess')), 'locked')
  await page.evaluate((passphrase) => window.tc.encryption.unlock(passphrase), PASSPHRASE)
  await until('the other tab is open again', async () => (await stateOf(other)) === 'on')
  assert.equal((await pageRows(other)).length, 1)

  await page.evaluate((passphrase) => window.tc.encryption.changePassphrase(passphrase, 'another'), PASSPHRASE)
  const tokens = await tokensOf(page)
  await person.kill()
  const reopened = await person.page({ encrypt: {} })
  assert.equal(await stateOf(reopened), 'locked', 'the key is in no store')
  await nothingReadable(reopened, user, tokens)
  assert.equal(await codeOf(reopened, (tc, old) => tc.encryption.unlock(old), PASSPHRASE), 'locked')
  await reopened.evaluate(() => window.tc.encryption.unlock('another'))
  assert.equal((await pageRows(reopened))[0].title, SECRET)
  await insert(reopened, 'after unlocking')
  await flushed(reopened)
  assert.equal((await serverRows(stack.server, id)).length, 2)
  await reopened.close()
  await assert.rejects(person.page({ encrypt: { passphrase: 'a guess' } }), /does not open the local database/)
})

test('a database whose passphrase is forgotten can be shredded, and begins anew', async () => {
  const { person, page } = await begin({ encrypt: { passphrase: PASSPHRASE } })
  await insert(page, SECRET)
  await flushed(page)
  await person.kill()
  const locked = await person.page({ encrypt: {} })
  assert.equal(await stateOf(locked), 'locked')
  await locked.evaluate(() => window.tc.encryption.shred())
  assert.equal(await stateOf(locked), 'locked')
  await locked.close()
  const fresh = await person.page({ encrypt: { passphrase: 'a new one' } })
  assert.equal(await stateOf(fresh), 'on')
  await startSync(fresh)
  assert.deepEqual((await pageRows(fresh)).map(({ title }) => title), [SECRET], 'the server still has it')
})

test('a database whose key is gone says so, and begins anew once shredded', async () => {
  const { person, page, id } = await begin({ encrypt: true })
  await insert(page, SECRET)
  await flushed(page)
  await forgetKeys(page, id)
  await page.close()
  const lost = await person.page()
  assert.equal(await stateOf(lost), 'lost')
  const { error, status } = await lost.evaluate(() => window.supabase.from('entries').select('*'))
  assert.deepEqual([status, error.code], [423, 'locked'])
  const { message } = (await statusOf(lost)).error
  assert.match(message, /key is gone.*never be read again.*tc\.encryption\.shred empties it/s)
  await lost.evaluate(() => window.tc.encryption.shred())
  assert.match((await statusOf(lost)).error.message, /was shredded; open Thermocline again/)
  await lost.close()
  const fresh = await person.page()
  assert.equal(await stateOf(fresh), 'on')
  await startSync(fresh)
  assert.deepEqual((await pageRows(fresh)).map(({ title }) => title), [SECRET], 'the server still has it')
})

/** Removes the key ring of a user's database from the vault, as a browser does that loses one database of two. */
function forgetKeys(page, id) {
  return page.evaluate(async (name) => {
    const settled = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    const vault = await settled(indexedDB.open(`thermocline/${location.host}`))
    const values = vault.transaction('values', 'readwrite').objectStore('values')
    if (!(await settled(values.getKey(name)))) throw new Error(`there is no ${name}`)
    await settled(values.delete(name))
    vault.close()
  }, `ring/${id}`)
}

/** A page with a signed-in user and the empty table held. */
async function begin(options) {
  const person = await stack.person(options)
  const page = await person.page()
  const user = newUser()
  const id = await signIn(page, user)
  await startSync(page)
  return { person, page, user, id }
}

function insert(page, title) {
  return page.evaluate((given) => window.supabase.from('entries').insert({ id: crypto.randomUUID(), title: given }).throwOnError(), title)
}

const stateOf = (page) => page.evaluate(() => window.tc.encryption.state())

/** The code that a call of `tc` rejects with; null if it does not. */
function codeOf(page, call, argument) {
  return page.evaluate(([source, given]) => {
    const made = new Function(`return ${source}`)()
    return made(window.tc, given).then(() => null, ({ code }) => code)
  }, [String(call), argument])
}

/** `tokens` are those the page has now, unless they are given: a killed browser may have lost supabase-js's copy. */
async function nothingReadable(page, { email }, tokens) {
  const { text, records, exportable } = await everythingStored(page)
  assert.ok(records > 3, `${records} records`)
  assert.equal(exportable, 0, 'a key could be exported')
  const [access, refresh] = tokens ?? (await tokensOf(page))
  assert.ok(access && refresh, 'there is a session to look for')
  const secrets = { SECRET, email, table: 'entries', column: 'happened_on', key: stack.server.anonKey, access, refresh }
  for (const [what, secret] of Object.entries(secrets)) assert.ok(!text.includes(secret), `${what} can be read: ${secret}`)
}

/** The session's tokens, as supabase-js keeps them. */
function tokensOf(page) {
  return page.evaluate(() => Object.values(localStorage).flatMap((value) => {
    const { access_token: access, refresh_token: refresh } = JSON.parse(value)
    return access ? [access, refresh] : []
  }))
}

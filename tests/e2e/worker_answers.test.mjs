// An app without a line of Thermocline in its page: the service worker answers its requests (DESIGN 1, way 2).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { keepLedger, pageRows, repeated, serverRows, textsOf } from './harness/rows.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { until } from './harness/until.mjs'
import { workerOf } from './harness/workers.mjs'
import { GIVEN, perform, Writer } from './harness/writes.mjs'

let stack
before(async () => { stack = await startStack({ app: 'app-plain' }) })
after(() => stack.stop())

const PLAIN = { worker: true, sync: true }

/** The server has all that was written, each once, and the page shows it. */
async function arrived(page, writer, user) {
  const written = textsOf(writer.rows.values(), GIVEN).join('\n')
  const { server } = stack
  await until('the server has everything', async () => textsOf(await serverRows(server, user), GIVEN).join('\n') === written, 30_000)
  assert.deepEqual(await repeated(server), [])
  assert.deepEqual(textsOf(await pageRows(page), GIVEN).join('\n'), written)
}

test('unmodified supabase-js signs up, writes and reads; offline it reloads, reads and writes; what it wrote arrives exactly once (invariants 1, 2)', async () => {
  await keepLedger(stack.server)
  const ann = await stack.person(PLAIN)
  const page = await ann.page()
  const id = await signIn(page, newUser())
  const writer = new Writer('plain app')
  await perform(page, writer.take(20))
  await arrived(page, writer, id)

  await ann.offline(true)
  const offline = await ann.page()
  assert.deepEqual(textsOf(await pageRows(offline), GIVEN), textsOf(writer.rows.values(), GIVEN))
  await perform(offline, writer.take(20))
  await offline.reload()
  const reloaded = await ann.page()
  assert.deepEqual(textsOf(await pageRows(reloaded), GIVEN), textsOf(writer.rows.values(), GIVEN))

  await ann.offline(false)
  await (await workerOf(reloaded, stack.server.url)).sync()
  await arrived(reloaded, writer, id)
})

test('a project on another origin is answered as well, its statuses as PostgREST has them, and what is not ours is left alone', async () => {
  const elsewhere = stack.server.url.replace('127.0.0.1', 'localhost')
  const ann = await stack.person({ ...PLAIN, url: elsewhere })
  const page = await ann.page()
  const user = await signIn(page, newUser())
  const large = 'x'.repeat(99_000)
  const found = await page.evaluate(async (large) => {
    const table = () => window.supabase.from('entries')
    const told = async (query) => {
      const { status, count, data, error } = await query
      return { status, count, rows: data?.length ?? null, code: error?.code ?? null }
    }
    const [one, other] = [crypto.randomUUID(), crypto.randomUUID()]
    const many = Array.from({ length: 40 }, () => ({ title: 'large', body: large }))
    const insert = await told(table().insert([{ id: one, title: 'one' }, { id: other, title: 'other' }]))
    const aborted = await table().select('*').abortSignal(AbortSignal.abort())
    const form = new FormData()
    form.append('file', new Blob(['text']), 'a.txt')
    const upload = await fetch(`${window.supabase.supabaseUrl}/storage/v1/object/nowhere/a.txt`, { method: 'POST', body: form })
    return {
      insert,
      update: await told(table().update({ title: 'two' }).eq('id', one)),
      representation: await told(table().update({ title: 'three' }).eq('id', one).select()),
      head: await told(table().select('*', { count: 'exact', head: true })),
      single: await told(table().select('*').single()),
      maybe: await told(table().select('*').eq('id', crypto.randomUUID()).maybeSingle()),
      taken: await told(table().insert({ id: one, title: 'again' })),
      removed: await told(table().delete().eq('id', other)),
      large: await told(table().insert(many).select('id')),
      read: (await table().select('body').eq('title', 'large')).data.map(({ body }) => body.length),
      aborted: aborted.error !== null,
      rpc: await told(window.supabase.rpc('nowhere')),
      storage: upload.status >= 400,
    }
  }, large)
  const none = { count: null, rows: null, code: null }
  assert.deepEqual(found, {
    insert: { ...none, status: 201 },
    update: { ...none, status: 204 },
    representation: { ...none, status: 200, rows: 1 },
    head: { ...none, status: 200, count: 2 },
    single: { ...none, status: 406, code: 'PGRST116' },
    maybe: { ...none, status: 200 },
    taken: { ...none, status: 409, code: '23505' },
    removed: { ...none, status: 204 },
    large: { ...none, status: 201, rows: 40 },
    read: Array.from({ length: 40 }, () => large.length),
    aborted: true,
    rpc: { ...none, status: 404, code: 'PGRST202' },
    storage: true,
  })
  await until('the server has them', async () => (await serverRows(stack.server, user)).length === 41, 30_000)
})

test('two tabs write at a time, the worker is replaced meanwhile, and each change arrives once (invariants 1, 2, 7)', async () => {
  const ann = await stack.person(PLAIN)
  const [one, other] = [await ann.page(), await ann.page()]
  const user = await signIn(one, newUser())
  await other.reload()
  await other.evaluate((given) => window.open_(given), { url: stack.server.url, key: stack.server.anonKey, tables: ['entries'], sync: true })
  const writing = Promise.all([one, other].map((page, tab) => page.evaluate(async (tab) => {
    for (let n = 0; n < 60; n++) await window.supabase.from('entries').insert({ title: `${tab}.${n}` }).throwOnError()
  }, tab)))
  const newer = { url: stack.server.url, key: stack.server.anonKey, tables: ['entries'], sync: true, durability: 'relaxed' }
  await other.evaluate((given) => window.open_(given), newer)
  await writing
  const titles = async () => (await serverRows(stack.server, user)).map(({ title }) => title).sort()
  const wanted = [0, 1].flatMap((tab) => Array.from({ length: 60 }, (_, n) => `${tab}.${n}`)).sort()
  await until('all have arrived', async () => (await titles()).length === wanted.length)
  assert.deepEqual(await titles(), wanted)
  assert.equal((await pageRows(one)).length, wanted.length)
  assert.deepEqual(await repeated(stack.server), [])
})

test('without being told to, the worker syncs nothing', async () => {
  const ann = await stack.person({ worker: true })
  const page = await ann.page()
  const user = await signIn(page, newUser())
  await page.evaluate(() => window.supabase.from('entries').insert({ title: 'mine' }).throwOnError())
  await (await workerOf(page, stack.server.url)).sync()
  await new Promise((resolve) => setTimeout(resolve, 3_000)) // longer than a write waits for its round
  assert.deepEqual(await serverRows(stack.server, user), [])
  assert.deepEqual((await pageRows(page)).map(({ title }) => title), ['mine'])
})

test('who signs in past the worker is followed, and sees nothing of the user before (invariant 11)', async () => {
  const person = await stack.person(PLAIN)
  const page = await person.page()
  const ann = await signIn(page, newUser())
  await page.evaluate(() => window.supabase.from('entries').insert({ title: 'of Ann' }).throwOnError())
  await until('Ann is synced', async () => (await serverRows(stack.server, ann)).length === 1)
  // As after a reload with the shift key: this page's requests go past the worker.
  const past = await (await person.context.newPage())
  const devtools = await person.context.newCDPSession(past)
  await devtools.send('Network.enable')
  await devtools.send('Network.setBypassServiceWorker', { bypass: true })
  await past.goto(stack.server.url)
  await past.waitForSelector('body[data-ready]', { state: 'attached' })
  await past.evaluate((given) => window.open_(given), { url: stack.server.url, key: stack.server.anonKey, tables: ['entries'], sync: true })
  await past.evaluate(() => window.supabase.auth.signOut())
  const bob = await signIn(past, newUser())
  await past.close()

  const next = await person.page()
  assert.deepEqual(await pageRows(next), [])
  await next.evaluate(() => window.supabase.from('entries').insert({ title: 'of Bob' }).throwOnError())
  await until('Bob is synced', async () => (await serverRows(stack.server, bob)).length === 1)
  assert.deepEqual((await serverRows(stack.server, ann)).map(({ title }) => title), ['of Ann'])
})

test('where the database does not open, reads go to the server and writes are refused with the reason', async () => {
  const person = await stack.person({ ...PLAIN, name: 'whole' })
  const page = await person.page()
  const user = await signIn(page, newUser())
  await page.evaluate(() => window.supabase.from('entries').insert({ title: 'sent before' }).throwOnError())
  await until('it is synced', async () => (await serverRows(stack.server, user)).length === 1)
  await page.evaluate(() => new Promise((resolve, reject) => {
    const made = indexedDB.open('thermocline/blocked', 99) // by a version that is yet to come
    made.onsuccess = () => { made.result.close(); resolve() }
    made.onerror = reject
  }))
  const blocked = await person.page({ name: 'blocked' })
  const script = () => blocked.evaluate(() => decodeURIComponent(navigator.serviceWorker.controller.scriptURL))
  await until('the worker with the other name has taken over', async () => (await script()).includes('blocked'))
  assert.deepEqual((await pageRows(blocked)).map(({ title }) => title), ['sent before'])
  const { status, error } = await blocked.evaluate(() => window.supabase.from('entries').insert({ title: 'not sent' }))
  assert.deepEqual([status, error.code], [503, 'storage_blocked'])
  assert.equal((await serverRows(stack.server, user)).length, 1)
})

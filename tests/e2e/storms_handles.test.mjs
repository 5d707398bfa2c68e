// IndexedDB handles closed under the engine, as WebKit closes them: the handle goes dead, with the event `close` or without a word, in
// the midst of writes and of sync. The dead handle is dropped and a new one opened, a few times at most; nothing is lost and
// nothing done twice (invariants 1, 2 and 4; PITFALLS 22: a retry with the dead handle would fail for ever).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { keepLedger, pageRows, repeated, serverRows, textsOf } from './harness/rows.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { flushed, outboxOf, startSync, syncNow } from './harness/sync.mjs'
import { until } from './harness/until.mjs'

const WRITES = 120
/** More would be a retry without end: three and the first, for the write and for the look at what became of the database. */
const OPENS_A_TROUBLE = 8

let stack
before(async () => {
  stack = await startStack()
  await keepLedger(stack.server)
})
after(() => stack.stop())

for (const how of ['with the event', 'without a word']) {
  test(`handles that are closed ${how}, over and over, while rows are written and synced, cost nothing`, async () => {
    const { page, id } = await watched()
    await page.evaluate((loud) => { window.closing = setInterval(() => window.closeHandles(loud), 70) }, how === 'with the event')
    const syncing = page.evaluate(async () => {
      while (window.closing) {
        await window.tc.sync.now().catch((error) => window.failed.push(error.code))
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    })
    await insertEach(page, WRITES)
    const closed = await page.evaluate(() => {
      clearInterval(window.closing)
      window.closing = 0
      return window.closedHandles
    })
    await syncing
    assert.ok(closed > 5, `${closed} handles were closed`)
    await settled(page, id, WRITES)
  })
}

test('where every new handle is dead at once, a write fails after a few tries, says why, and the next one goes through', async () => {
  const { page, id } = await watched()
  await insertEach(page, 3)
  const { code, opened } = await page.evaluate(async () => {
    window.stillborn = true
    window.closeHandles(false)
    window.opened = 0
    const { error } = await window.supabase.from('entries').insert({ title: 'not kept' })
    return { code: error?.code, opened: window.opened }
  })
  assert.equal(code, 'storage_lost')
  assert.ok(opened >= 2 && opened <= OPENS_A_TROUBLE, `${opened} handles were opened for it`)

  await page.evaluate(() => { window.stillborn = false })
  await insertEach(page, 2)
  await settled(page, id, 5)
})

test('a page that comes to the front finds its handle dead, and has a new one before anybody asks', async () => {
  const { page, id } = await watched()
  await insertEach(page, 1)
  await page.evaluate(() => {
    window.closeHandles(false)
    window.opened = 0
    document.dispatchEvent(new Event('visibilitychange'))
  })
  await until('a handle is opened', () => page.evaluate(() => window.opened > 0))
  await insertEach(page, 1)
  await settled(page, id, 2)
})

/** Somebody new, with a page whose handles a test can close. */
async function watched() {
  const person = await stack.person()
  await (await person.page()).close()
  await person.context.addInitScript(watchHandles)
  const page = await person.page()
  const id = await signIn(page, newUser())
  await startSync(page)
  return { page, id }
}

/** In the page: keeps every handle that IndexedDB gives out. */
function watchHandles() {
  const handles = new Set()
  Object.assign(window, { opened: 0, closedHandles: 0, stillborn: false, failed: [] })
  const { open } = IDBFactory.prototype
  IDBFactory.prototype.open = function (...args) {
    const request = open.apply(this, args)
    window.opened += 1
    request.addEventListener('success', () => {
      if (window.stillborn) request.result.close()
      else handles.add(request.result)
    })
    return request
  }
  window.closeHandles = (loud) => {
    for (const handle of handles) {
      handle.close()
      window.closedHandles += 1
      if (loud) handle.dispatchEvent(new Event('close'))
    }
    handles.clear()
  }
}

function insertEach(page, count) {
  return page.evaluate(async (many) => {
    for (let n = 0; n < many; n += 1) await window.supabase.from('entries').insert({ title: `row ${n}` }).throwOnError()
  }, count)
}

/** All is sent, once, and the page shows it. */
async function settled(page, id, count) {
  await flushed(page)
  const stored = await serverRows(stack.server, id)
  assert.equal(stored.length, count)
  assert.deepEqual(await repeated(stack.server), [])
  assert.deepEqual(await outboxOf(page), [])
  await syncNow(page)
  assert.deepEqual(textsOf(await pageRows(page)), textsOf(stored))
}

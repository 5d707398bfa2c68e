// Pushes as gzip, seen from the server: which way each came, and with how many bytes.

import assert from 'node:assert/strict'
import { keepLedger, pageRows, repeated, serverRows, textsOf } from './rows.mjs'
import { newUser, signIn, startStack } from './stack.mjs'
import { startSync, syncNow } from './sync.mjs'

/** A stack that notes pushes in `seen`, in bytes. A test may set `broken` (stands in the function's way) and `slow` (milliseconds a push waits). */
export async function startWatching() {
  const watched = { seen: { byFunction: [], straight: [], inflated: [] }, broken: undefined, slow: 0 }
  let last
  const stack = await startStack({ intercept })
  await keepLedger(stack.server)

  async function intercept(req, res) {
    if (req.method !== 'POST') return false
    const bytes = Number(req.headers['content-length'])
    if (req.url.startsWith('/functions/v1/apply_deltas')) {
      watched.seen.byFunction.push(bytes)
      return watched.broken !== undefined && watched.broken(req, res) !== 'go on'
    }
    if (!req.url.endsWith('thermocline_push')) return false
    watched.seen[req.headers['user-agent'].startsWith('Deno') ? 'inflated' : 'straight'].push(bytes)
    await new Promise((resolve) => setTimeout(resolve, watched.slow))
    return false
  }

  /** Somebody new with a page that has synced once; nothing of former tests is counted. */
  async function someone(changes) {
    await last?.leave()
    const person = await stack.person(changes)
    last = person
    const page = await person.page()
    const id = await signIn(page, newUser())
    await startSync(page)
    for (const list of Object.values(watched.seen)) list.length = 0
    return { person, page, id }
  }

  async function arrivedOnce(page, id, count) {
    const stored = await serverRows(stack.server, id)
    assert.equal(stored.length, count)
    assert.deepEqual(await repeated(stack.server), [])
    await syncNow(page)
    assert.deepEqual(textsOf(await pageRows(page)), textsOf(stored))
  }

  return Object.assign(watched, { stack, someone, arrivedOnce })
}

/** Rows that are worth compressing. */
export function write(page, count) {
  return page.evaluate((many) => {
    const text = (n) => `on day ${n} it rained from ${n % 7} to ${n % 11}, and then the sun came out over the hills`
    const rows = Array.from({ length: many }, (_, n) => ({ title: `entry ${n}`, body: text(n), mood: 1 + (n % 5), tags: ['weather', 'diary'] }))
    return window.supabase.from('entries').insert(rows).throwOnError().then(() => null)
  }, count)
}

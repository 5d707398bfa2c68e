// Two engine versions on one log: who meets a frame that it cannot read stops writing and says so; what
// waits to be sent stays where it is (DESIGN 3, invariant 1).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { until } from '../e2e/harness/until.mjs'
import { assertOutbox, insert, makeRows, titlesOf } from './harness/entries.mjs'
import { appendFrame, logKeys, removeRecord } from './harness/raw.mjs'
import { startSite } from './harness/site.mjs'

const NEWER_VERSION = 200
const UNKNOWN_KIND = 31

let site
before(async () => { site = await startSite() })
after(() => site.stop())

for (const [what, frame] of [['version', sealed(NEWER_VERSION, 1)], ['kind', sealed(1, UNKNOWN_KIND)]]) {
  test(`a frame of a later ${what} stops every older context from writing, and nothing is lost`, async () => {
    const device = await site.device()
    const [aware, unaware] = [await device.tab(), await device.tab()]
    device.offline(true)
    const rows = makeRows('waiting', 5)
    await insert(aware, rows)
    await unaware.run('catchUp')
    const key = await appendFrame(aware.page, device.user, frame)

    await assert.rejects(aware.run('catchUp'), { code: 'newer_version' })
    const before = await logKeys(aware.page, device.user)
    await assert.rejects(insert(aware, makeRows('refused', 1)), { code: 'newer_version' })
    assert.deepEqual(await logKeys(aware.page, device.user), before, 'nothing is appended behind it')
    assert.equal(await aware.run('checkpoint'), false, 'nor is it folded away')
    await assertOutbox(aware, rows)
    assert.deepEqual(await titlesOf(aware), rows.map(({ title }) => title), 'it still shows what it knows')

    // One that has not heard of it yet finds out by its own write, which is not acknowledged.
    await assert.rejects(insert(unaware, makeRows('unaware', 1)), { code: 'newer_version' })
    await assert.rejects(insert(unaware, makeRows('refused too', 1)), { code: 'newer_version' })
    assert.ok((await logKeys(unaware.page, device.user)).length <= before.length + 1)
    await assert.rejects(device.tab(), /newer version/, 'a page of this version does not open')

    // Where the later engine reads on, the older one's changes are all there.
    await removeRecord(aware.page, device.user, key)
    const next = await device.tab()
    const titles = await titlesOf(next)
    for (const { title } of rows) assert.ok(titles.includes(title), `${title} is lost`)
    const waiting = (await next.run('outbox')).map(({ key: [id] }) => id)
    for (const { id } of rows) assert.equal(waiting.filter((found) => found === id).length, 1)
    await device.leave()
  })
}

test('while an older engine is open, a newer one makes no checkpoint that it could not read', async () => {
  const device = await site.device()
  const tab = await device.tab()
  const rows = makeRows('beside', 3)
  await insert(tab, rows)
  assert.equal(await tab.run('checkpoint'), true)
  const [name, ours] = await attendance(tab.page, device.user)
  const older = await device.bare()
  await older.evaluate((lock) => new Promise((held) => {
    navigator.locks.request(lock, { mode: 'shared' }, () => { held(); return new Promise(() => undefined) })
  }), `${name}${ours - 1}`)
  await insert(tab, makeRows('more', 2))
  assert.equal(await tab.run('checkpoint'), false)
  await older.close()
  await until('the older one is gone', () => tab.run('checkpoint'))
  assert.equal((await titlesOf(tab)).length, 5)
  await device.leave()
})

/** The lock by which a user's open database is known, in two parts: its name and the engine's version. */
function attendance(page, user) {
  return page.evaluate(async (user) => {
    const { held } = await navigator.locks.query()
    const lock = held.find(({ name }) => name.includes(`${user}/engine/`))
    const [name, version] = lock?.name.split(/(?<=\/engine\/)/) ?? []
    return lock ? [name, Number(version)] : []
  }, user)
}

/** A frame with an empty payload: magic, version, kind, length, checksum. */
function sealed(version, kind) {
  const head = Buffer.from([0x54, 0x43, version, kind, 0, 0, 0, 0])
  const sum = Buffer.alloc(4)
  sum.writeUInt32LE(checksum(head))
  return Buffer.concat([head, sum])
}

/** CRC-32, as zip files have it. */
function checksum(bytes) {
  let sum = 0xffffffff
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0)
  }
  return (sum ^ 0xffffffff) >>> 0
}

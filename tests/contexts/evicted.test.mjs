// The browser throws the storage of the origin away under contexts that go on (PITFALLS 25): what waited to be
// sent is in the new database with the same ids, and reaches the server once.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { until } from '../e2e/harness/until.mjs'
import { assertOutbox, insert, makeRows, titlesOf } from './harness/entries.mjs'
import { startSite } from './harness/site.mjs'

let site
before(async () => { site = await startSite() })
after(() => site.stop())

for (const [what, more] of [['', {}], [', encrypted', { encrypt: true }]]) {
  test(`what waited when the database was evicted is sent once, whoever survives${what}`, async () => {
    const device = await site.device()
    Object.assign(device.more, more)
    const [one, two] = [await device.tab(), await device.tab()]
    const known = makeRows('known', 3)
    await insert(one, known)
    await one.run('flushed')
    await one.run('sync')
    device.offline(true)
    const made = makeRows('made', 20)
    await insert(one, made.slice(0, 10))
    await insert(two, made.slice(10))
    await one.ask('PATCH', `id=eq.${known[0].id}`, { title: 'known, changed' })
    await one.run('catchUp')
    const before = await one.run('outbox')
    assert.equal(before.length, 21)

    await evict(one.page)
    // Nobody is told: the first to look finds out.
    await one.run('catchUp')
    const after = await one.run('outbox')
    assert.deepEqual(after.map(({ id }) => id), before.map(({ id }) => id))
    const { error, held } = await one.run('status')
    assert.deepEqual([error?.code, held], ['storage_lost', []], 'it says so, and that nothing is up to date')
    const wanted = ['known, changed', ...made.map(({ title }) => title)].sort()
    assert.deepEqual(await titlesOf(one), wanted)
    await two.run('catchUp')
    const third = await device.tab()
    for (const tab of [two, third]) {
      await until('it has come as far', async () => (await tab.run('outbox')).length === 21)
      await assertOutbox(tab, [...made, known[0]])
    }

    device.offline(false)
    await third.run('sync')
    const everything = ['known, changed', ...[...known.slice(1), ...made].map(({ title }) => title)].sort()
    for (const tab of [one, two, third]) {
      await tab.run('sync')
      assert.deepEqual(await titlesOf(tab), everything)
      await assertOutbox(tab, [])
    }
    await until('the trouble is over', async () => (await one.run('status')).error === null)
    await device.leave()
  })
}

test('a write that meets the eviction is refused whole, and taken when it is repeated', async () => {
  const device = await site.device()
  const tab = await device.tab()
  device.offline(true)
  const [waiting, met] = [makeRows('waiting', 5), makeRows('met', 2)]
  await insert(tab, waiting)
  await evict(tab.page)
  await assert.rejects(insert(tab, met), { code: 'storage_lost' })
  await until('the next database is open', async () => (await insert(tab, met).catch(() => [])).length === 2)
  await assertOutbox(tab, [...waiting, ...met])
  await device.leave()
})

/** As a browser does that is short of space: the databases go, connections are closed. */
async function evict(page) {
  const devtools = await page.context().newCDPSession(page)
  const origin = new URL(page.url()).origin
  await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' })
  await devtools.detach()
}

// Checkpoints under the feet of others: contexts that stand still in the middle of one, are killed in it, or
// know only the manifest before it (invariants 1, 7 and 8).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { until } from '../e2e/harness/until.mjs'
import { assertOutbox, insert, makeRows, titlesOf } from './harness/entries.mjs'
import { manifestOf, segmentsOf } from './harness/raw.mjs'
import { startSite } from './harness/site.mjs'
import { mute, stealLease, stopAt } from './harness/stops.mjs'

/** More than one slice of blocks: a checkpoint writes these in several transactions. */
const LARGE = { count: 40, bytes: 60_000 }
const SMALL = { count: 200, bytes: 100 }

let site
before(async () => { site = await startSite() })
after(() => site.stop())

test('a context behind a checkpoint loads it, and answers its own waiting write from it', async () => {
  const { device, tabs: [behind, ahead], titles } = await twoTabs(SMALL)
  await behind.run('watch', 'entries?select=title&order=title')
  await mute(ahead)
  const [missed, own, later] = [makeRows('missed', 3), makeRows('own', 2), makeRows('later', 2)]
  for (const row of missed) await insert(ahead, [row])

  // Its frame lies behind others that it has not seen, and is in the checkpoint only when it goes on.
  const stop = await stopAt(behind, { store: 'log', at: 'complete' })
  const answer = insert(behind, own)
  assert.ok(await stop.reached(answer))
  await ahead.run('catchUp')
  assert.equal(await ahead.run('checkpoint'), true)
  await insert(ahead, later)
  await stop.goOn()

  assert.deepEqual((await answer).map(({ id }) => id), own.map(({ id }) => id))
  await behind.run('catchUp')
  const wanted = titlesWith(titles, missed, own, later)
  for (const tab of [behind, ahead, await device.tab()]) assert.deepEqual(await titlesOf(tab), wanted)
  await until('the live query has run again', async () => {
    const told = await behind.run('told', 'entries?select=title&order=title')
    return told.map(({ title }) => title).join() === wanted.join()
  })
  await assertOutbox(behind, [...missed, ...own, ...later])
  await device.leave()
})

const STANDSTILLS = [
  { where: 'between two slices of its blocks', size: LARGE, at: { store: 'blocks', nth: 2 } },
  { where: 'before it decides', size: SMALL, at: { store: 'meta' } },
]
for (const { where, size, at } of STANDSTILLS) {
  test(`a checkpointer that stood still ${where} has lost when it goes on: nothing else is lost`, async () => {
    const { device, tabs: [slow, quick], titles } = await twoTabs(size)
    const [early, meanwhile, late] = [makeRows('early', 5), makeRows('meanwhile', 20), makeRows('late', 5)]
    await insert(slow, early)
    const stop = await stopAt(slow, at)
    const checkpoint = slow.run('checkpoint')
    assert.ok(await stop.reached(checkpoint), 'it stands still')

    await quick.run('catchUp')
    await insert(quick, meanwhile)
    await stealLease(quick)
    assert.equal(await quick.run('checkpoint'), true)
    const kept = await segmentsOf(quick.page, device.user)
    await insert(quick, late)
    await stop.goOn()
    await checkpoint

    await slow.run('catchUp')
    const wanted = titlesWith(titles, early, meanwhile, late)
    for (const tab of [slow, quick, await device.tab()]) assert.deepEqual(await titlesOf(tab), wanted)
    await assertOutbox(slow, [...early, ...meanwhile, ...late])
    const left = (await segmentsOf(quick.page, device.user)).filter((id) => !kept.includes(id))
    await insert(slow, makeRows('after', 1))
    assert.equal(await slow.run('checkpoint'), true, 'it checkpoints again')
    await assertSwept(slow, device, left)
    await device.leave()
  })
}

test('a browser that dies in the middle of a checkpoint or a merge starts with the old state, and sweeps what is left', async () => {
  const { device, tabs: [first], titles } = await twoTabs(LARGE)
  let tab = first
  let wanted = titles
  const pending = []
  let garbage = 0
  for (const at of [{ store: 'blocks', nth: 2 }, { store: 'blocks', nth: 3 }, { store: 'meta', nth: 1 }, { store: 'blocks', nth: 4 }]) {
    const written = makeRows(`before the end at ${at.store} ${at.nth}`, 5)
    await insert(tab, written)
    pending.push(...written)
    wanted = titlesWith(wanted, written)
    const before = await segmentsOf(tab.page, device.user)
    const manifest = await manifestOf(tab.page, device.user)
    const stop = await stopAt(tab, at)
    const checkpoint = tab.run('checkpoint')
    await stop.reached(checkpoint)
    checkpoint.catch(() => undefined) // it dies
    await device.kill()

    await device.start()
    tab = await device.tab()
    assert.deepEqual(await titlesOf(tab), wanted)
    await assertOutbox(tab, pending)
    if (await manifestOf(tab.page, device.user) !== manifest) continue // it was decided: what is there is named
    const left = (await segmentsOf(tab.page, device.user)).filter((id) => !before.includes(id))
    garbage += left.length
    assert.equal(await tab.run('checkpoint'), true)
    await assertSwept(tab, device, left)
    assert.deepEqual(await titlesOf(tab), wanted)
  }
  assert.ok(garbage > 0, 'it died at least once with blocks half written')
  await device.leave()
})

test('a context that knows an old manifest answers right, whatever was swept since', async () => {
  const { device, tabs: [, checkpointer], titles } = await twoTabs(SMALL)
  await checkpointer.run('checkpoint')
  const old = await device.tab() // it starts from segments
  await mute(checkpointer)
  const moments = [(await titlesOf(old)).join()]
  assert.equal(moments[0], titles.join())

  const added = makeRows('added', 30)
  for (let round = 0; round < 3; round += 1) {
    await insert(checkpointer, added.slice(round * 10, round * 10 + 10))
    await checkpointer.ask('PATCH', `select=id&title=like.*${round}`, { status: `round ${round}` })
    assert.equal(await checkpointer.run('checkpoint'), true)
    moments.push((await titlesOf(checkpointer)).join())
    assert.ok(moments.includes((await titlesOf(old)).join()), 'the rows of one moment, none missing')
    const [row] = await old.rows(`select=title&title=eq.${encodeURIComponent(titles[round])}`)
    assert.equal(row.title, titles[round])
    assert.equal((await old.rows('select=id&order=created_at.desc,id&limit=50')).length, 50)
  }
  await old.run('catchUp')
  const ask = (tab) => tab.rows('select=id,title,status,body&order=status,title,id')
  assert.deepEqual(await ask(old), await ask(checkpointer))
  assert.deepEqual(await titlesOf(old), titlesWith(titles, added))
  await device.leave()
})

/** A device with rows that the server has, two tabs on it, and no network. */
async function twoTabs({ count, bytes }) {
  const device = await site.device()
  const first = await device.tab()
  const rows = makeRows('synced', count, bytes)
  for (let n = 0; n < rows.length; n += 20) await insert(first, rows.slice(n, n + 20))
  await first.run('flushed')
  await first.run('sync')
  const second = await device.tab()
  device.offline(true)
  return { device, tabs: [first, second], titles: rows.map(({ title }) => title) }
}

/** A checkpoint that has won has deleted the segments that no manifest named. */
async function assertSwept(tab, device, ids) {
  const there = await segmentsOf(tab.page, device.user)
  assert.deepEqual(ids.filter((id) => there.includes(id)), [], 'what no manifest names is swept')
}

const titlesWith = (titles, ...more) => [...titles, ...more.flat().map(({ title }) => title)].sort()

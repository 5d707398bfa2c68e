// Pushes by way of the Edge Function apply_deltas, as gzip: where it is deployed and pays (invariant 2).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startWatching, write } from './harness/gzip.mjs'
import { flushed } from './harness/sync.mjs'

let gzip
before(async () => { gzip = await startWatching() })
after(() => gzip.stack.stop())

test('on a slow connection large batches go as gzip, small ones straight; each row is written once', async () => {
  const { person, page, id } = await gzip.someone()
  await person.context.addInitScript(() => {
    const told = Object.assign(new EventTarget(), { saveData: false, effectiveType: '3g' })
    Object.defineProperty(navigator, 'connection', { value: told })
  })
  const dear = await person.page()
  await page.close()
  await write(dear, 500)
  await flushed(dear)
  const [sent, inflated] = [gzip.seen.byFunction, gzip.seen.inflated].map(sum)
  assert.ok(gzip.seen.byFunction.length >= 2, `${gzip.seen.byFunction.length} batches went as gzip`)
  assert.ok(gzip.seen.straight.every((bytes) => bytes < 32_000), 'no large batch went straight')
  assert.ok(inflated > 4 * sent, `${inflated} bytes were sent as ${sent}`)
  console.log(`gzip: ${inflated} bytes as ${sent}: ${(inflated / sent).toFixed(1)} times fewer`)

  const before = gzip.seen.byFunction.length
  await write(dear, 3)
  await flushed(dear)
  assert.equal(gzip.seen.byFunction.length, before, 'three rows go straight')
  await gzip.arrivedOnce(dear, id, 503)
})

test('on a quick connection everything goes straight, until a push has shown that it is slow', async () => {
  const { page, id } = await gzip.someone()
  await write(page, 300)
  await flushed(page)
  assert.equal(gzip.seen.byFunction.length, 0)

  gzip.slow = 3_000
  await write(page, 200)
  await flushed(page)
  gzip.slow = 0
  assert.equal(gzip.seen.byFunction.length, 0)
  await write(page, 200)
  await flushed(page)
  assert.ok(gzip.seen.byFunction.length > 0, 'the next large batch takes the function')
  await gzip.arrivedOnce(page, id, 700)
})

test('an app that never wants it never has it', async () => {
  const { page } = await gzip.someone({ gzip: 'never' })
  gzip.slow = 1_500
  for (const count of [100, 200]) {
    await write(page, count)
    await flushed(page)
  }
  gzip.slow = 0
  assert.equal(gzip.seen.byFunction.length, 0)
})

const sum = (numbers) => numbers.reduce((all, number) => all + number, 0)

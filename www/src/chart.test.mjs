// What a chart is drawn from: stacks that add up, bars that stand side by side, words for whoever does not see the picture.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const { module } = await runnerImport(fileURLToPath(new URL('parts/chart-data.ts', import.meta.url)))
const { beside, colorOf, highest, inWords, isBlank, placesOf, stack } = module

const FOCUS = { label: 'Focus', values: [4, null, 8.5] }
const ENERGY = { label: 'Energy', values: [5, 6, 7] }

test('a stack adds up, and what is missing adds nothing', () => {
  assert.deepEqual(stack([FOCUS, ENERGY]), [[4, 0, 8.5], [9, 6, 15.5]])
  assert.equal(highest('stacked', [FOCUS, ENERGY]), 15.5)
  assert.equal(highest('line', [FOCUS, ENERGY]), 8.5)
})

test('bars of several series stand side by side around their place', () => {
  const [first, second] = [beside([0, 1], 0, 2), beside([0, 1], 1, 2)]
  assert.deepEqual(first.starts, [-0.4, 0.6])
  assert.deepEqual(second.starts.map((start) => start.toFixed(1)), ['0.0', '1.0'])
  assert.equal(first.width, 0.4)
})

test('times are in milliseconds, names stand at equal distances', () => {
  assert.deepEqual(placesOf({ times: [60_000, 120_000] }), [60, 120])
  assert.deepEqual(placesOf({ names: ['Mon', 'Tue'] }), [0, 1])
})

test('a picture is told in words', () => {
  assert.equal(inWords([FOCUS, { label: 'Energy', values: [null] }]), 'Focus: 2 values from 4 to 8.5. Energy: no values.')
  assert.ok(isBlank([{ label: 'Focus', values: [null] }]) && !isBlank([FOCUS]))
})

test('the ninth series has the colour of the first, unless it says its own', () => {
  assert.deepEqual([colorOf(FOCUS, 0), colorOf(FOCUS, 8), colorOf({ ...FOCUS, color: 5 }, 0)], [1, 1, 5])
})

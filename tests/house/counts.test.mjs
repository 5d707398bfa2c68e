// Promises of the test runner's arithmetic (scripts/test/counts.mjs): nothing red is ever green.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCounts } from '../../scripts/test/counts.mjs'

const CARGO_OK = 'test a ... ok\n\ntest result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n'
const NODE_OK = '✔ a (1.2ms)\nℹ tests 2\nℹ suites 0\nℹ pass 2\nℹ fail 0\nℹ cancelled 0\nℹ skipped 0\nℹ todo 0\nℹ duration_ms 41.2\n'

test('the totals of several cargo programs are added', () => {
  const counts = readCounts('cargo', CARGO_OK + CARGO_OK, 0)
  assert.deepEqual(counts, { passed: 6, failed: 0, skipped: 2, failures: [], problem: null })
})

test('a failed cargo test is counted and named', () => {
  const output = 'test sync::lost ... FAILED\n\ntest result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured\n'
  const counts = readCounts('cargo', output, 101)
  assert.equal(counts.failed, 1)
  assert.deepEqual(counts.failures, ['sync::lost'])
})

test('a wasm-bindgen failure is named', () => {
  const output = 'test web_store::lost ... FAIL\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored; 0 filtered out\n'
  assert.deepEqual(readCounts('cargo', output, 1).failures, ['web_store::lost'])
})

test('node counts are read, and cancelled tests are failed tests', () => {
  assert.equal(readCounts('node', NODE_OK, 0).passed, 2)
  assert.equal(readCounts('node', NODE_OK.replace('cancelled 0', 'cancelled 3'), 1).failed, 3)
})

test('a failed node test is named once, without its time', () => {
  const output = `✖ rows are equal (12.5ms)\n${NODE_OK.replace('fail 0', 'fail 1')}\n✖ failing tests:\n\n✖ rows are equal (12.5ms)\n`
  assert.deepEqual(readCounts('node', output, 1).failures, ['rows are equal'])
})

test('a suite that crashes after green tests is a failure', () => {
  const counts = readCounts('cargo', CARGO_OK, 101)
  assert.equal(counts.failed, 1)
  assert.match(counts.problem, /crashed/)
})

test('a suite that runs nothing is a failure', () => {
  assert.equal(readCounts('cargo', '', 0).failed, 1)
  assert.equal(readCounts('cargo', 'test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured\n', 0).failed, 1)
})

test('a suite that was stopped at its limit is a failure, whatever it printed', () => {
  assert.equal(readCounts('node', NODE_OK, 'took longer than 5 minutes').failed, 1)
})

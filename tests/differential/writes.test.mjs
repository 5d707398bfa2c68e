// Invariant 9 for writes: the same random writes on equal rows are answered alike and leave equal tables.
//
// One side is the engine, offline; the other the server, which that client never reaches again. What the engine
// leaves to the server is done by neither. At the end both tables are compared by PostgreSQL's own JSON text.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { difference, leftToServer } from './compare.mjs'
import { assertAgreement, SCALE, SEED, startRun, TIMEOUT_MS } from './run.mjs'
import { randomWrite } from './writes.mjs'

const WRITES = 350 * SCALE
const ALL = { method: 'GET', path: 'samples?order=id', headers: {} }

/** A number's digits and their place, so that 1e+20 and 100 are what they are to PostgreSQL. */
function decimal(token) {
  const [mantissa, exponent = '0'] = token.replace(/^-/, '').toLowerCase().split('e')
  const [whole, fraction = ''] = mantissa.split('.')
  const digits = (whole + fraction).replace(/^0+/, '')
  const kept = digits.replace(/0+$/, '')
  if (kept === '') return '0'
  return `${token.startsWith('-') ? '-' : ''}${kept}e${Number(exponent) - fraction.length + digits.length - kept.length}`
}

/** JSON in which every digit of a number counts. */
const exact = (text) => JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) => (token.startsWith('"') ? token : JSON.stringify(`number ${decimal(token)}`))))

/** The moment of a default is each side's own. */
const settled = (started) => (row) => (row.made_at > started ? { ...row, made_at: 'now' } : row)

test('random writes are answered as the server answers them and leave the same table', { timeout: TIMEOUT_MS }, async (t) => {
  const { local, remote, sql, data, random } = await startRun(t, 'writes')
  const started = new Date().toISOString()
  const requests = Array.from({ length: WRITES }, () => randomWrite(random, data))
  const ours = await local.requests(requests)
  const done = requests.filter((_, n) => !leftToServer(ours[n]))
  const answers = new Map((await remote.requests(done, 1)).map((answer, n) => [done[n], answer]))
  const theirs = requests.map((request) => answers.get(request))
  const alike = (a, b, { method, ordered }) => difference(a, b, { method, ordered })
  assertAgreement(t, 'writes', requests, ours, theirs, alike)

  const [here] = await local.requests([ALL])
  const there = await sql(`select (to_jsonb(s) - '_rev' - '_at')::text as row from public.samples s where user_id = $1 order by id`, [data.user])
  const mine = exact(here.body).map(settled(started))
  const yours = there.map(({ row }) => settled(started)(exact(row)))
  const differing = mine.filter((row, n) => !isDeepStrictEqual(row, yours[n])).map((row) => [row, yours.find(({ id }) => id === row.id)])
  t.diagnostic(`${mine.length} rows compared digit by digit`)
  assert.equal(mine.length, yours.length)
  assert.deepEqual(differing.slice(0, 3), [], `${differing.length} rows differ after the writes of seed ${SEED}`)
})

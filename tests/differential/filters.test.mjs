// Invariant 9 for filters and order, against PostgreSQL itself: what lite cannot be asked is asked here too.
//
// Big integers, exact decimals, NaN, jsonb of every kind, quoted and escaped text, groups in groups. The rows that
// a filter finds, in the order asked for, must be those of the SQL that PostgREST would have written.

import { test } from 'node:test'
import { filterPairs, insideGroup, randomFilter, randomGroup } from './reads.mjs'
import { assertAgreement, SCALE, startRun, TIMEOUT_MS } from './run.mjs'
import { COLUMNS } from './samples.mjs'
import { toSql } from './sql.mjs'

const QUESTIONS = 600 * SCALE
const SORTABLE = COLUMNS.filter((column) => !['id', 'meta', 'labels'].includes(column))

function randomQuestion(random, data) {
  const parts = random.several(1, 2, () => (random.chance(30) ? randomGroup(random, data) : randomFilter(random, data)))
  const order = random.some(SORTABLE, 2).map((column) => [column, random.pick(['asc', 'desc']), random.pick(['nullsfirst', 'nullslast'])])
  return { parts, order }
}

function toRequest({ parts, order }) {
  const pairs = parts.map((part) => (part.group
    ? `${part.negated ? 'not.' : ''}${part.group}=${encodeURIComponent(`(${part.parts.map(insideGroup).join(',')})`)}`
    : filterPairs([part])[0]))
  return { method: 'GET', path: `samples?select=id&${pairs.join('&')}&order=${order.map((term) => term.join('.')).join(',')},id`, headers: {} }
}

function toStatement({ parts, order }, user) {
  const terms = order.map(([column, direction, nulls]) => `${column} ${direction} ${nulls.replace('nulls', 'nulls ')}`)
  return `select id from public.samples where user_id = '${user}' and ${parts.map(toSql).join(' and ')} order by ${terms.join(', ')}, id`
}

test('random filters find what PostgreSQL finds, in its order', { timeout: TIMEOUT_MS }, async (t) => {
  const { local, sql, data, random } = await startRun(t, 'filters')
  const wild = { ...data, wild: true }
  const questions = Array.from({ length: QUESTIONS }, () => randomQuestion(random, wild))
  const requests = questions.map((question) => ({ ...toRequest(question), question }))
  const ours = await local.requests(requests)
  const theirs = []
  for (const question of questions) {
    theirs.push(await sql(toStatement(question, data.user)).then((rows) => ({ ids: rows.map(({ id }) => id) }), (error) => ({ code: error.code, message: error.message })))
  }
  assertAgreement(t, 'filters', requests, ours, theirs, sameRows)
})

function sameRows({ status, body }, remote) {
  const answer = JSON.parse(body)
  if (remote.code) return answer.code === remote.code && answer.message === remote.message ? [] : ['error']
  return status === 200 && JSON.stringify(answer.map(({ id }) => id)) === JSON.stringify(remote.ids) ? [] : ['rows']
}

// What every differential test does around its questions: a seed, both sides, the count of what agreed.
//
// DIFFERENTIAL_SEED=<n> repeats a run; DIFFERENTIAL_SCALE=<n> asks n times as many questions.

import assert from 'node:assert/strict'
import { leftToServer } from './compare.mjs'
import { makeRandom } from './random.mjs'
import { startBothSides } from './stack.mjs'

const SHOWN = 5
const SHOWN_CHARACTERS = 1_500
export const SEED = Number(process.env.DIFFERENTIAL_SEED ?? 1)
export const SCALE = Number(process.env.DIFFERENTIAL_SCALE ?? 1)
export const TIMEOUT_MS = 180_000 * SCALE
const ROWS = 250

/** Both sides with their rows, and the random choices of one test. */
export async function startRun(t, name) {
  t.diagnostic(`seed ${SEED}; again: DIFFERENTIAL_SEED=${SEED} node --test tests/differential/${name}.test.mjs`)
  const random = makeRandom(SEED)
  const silence = quietLite()
  const sides = await startBothSides(random, ROWS)
  t.after(async () => {
    await sides.stop()
    silence()
  })
  return { ...sides, random }
}

/** lite prints a stack for every request that it refuses. */
function quietLite() {
  const print = console.error
  console.error = (...values) => { if (!(values[0] instanceof Error)) print(...values) }
  return () => { console.error = print }
}

/**
 * Compares the answers and fails with the first few that differ. `compare` names what differs.
 * What the engine leaves to the server is counted, and must stay below two in a hundred.
 */
export function assertAgreement(t, what, questions, local, remote, compare) {
  const left = questions.filter((_, n) => leftToServer(local[n]))
  const differing = questions.flatMap((question, n) => {
    if (leftToServer(local[n])) return []
    const differences = compare(local[n], remote[n], question)
    return differences.length === 0 ? [] : [{ question, differences, local: local[n], remote: remote[n] }]
  })
  t.diagnostic(`${what}: ${questions.length - left.length - differing.length} agree, ${differing.length} differ, ${left.length} left to the server`)
  assert.equal(differing.length, 0, `${what}, seed ${SEED}: ${differing.length} differ, the first:\n${differing.slice(0, SHOWN).map(shown).join('\n')}`)
  assert.ok(left.length <= questions.length * 0.02, `${left.length} of ${questions.length} left to the server: ${left.slice(0, SHOWN).map(shownQuestion)}`)
}

const shownQuestion = (question) => (question.path ? `${question.method} ${decodeURIComponent(question.path)} ${JSON.stringify(question.headers)} ${question.body ?? ''}` : JSON.stringify(question))

function shown({ question, differences, local, remote }) {
  const cut = (answer) => JSON.stringify(answer).slice(0, SHOWN_CHARACTERS)
  return `${shownQuestion(question)}\n  differs in ${differences.join(', ')}\n  engine ${cut(local)}\n  server ${cut(remote)}`
}

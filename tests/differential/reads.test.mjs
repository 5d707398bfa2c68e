// Invariant 9 for reads: a query's answer is PostgREST's answer over the visible rows.
//
// The same random requests go to tc.fetch in Chromium, offline, and to the server: as plain requests, and as the
// calls of an unmodified supabase-js on either side. What may differ, and why, is in compare.mjs.

import { test } from 'node:test'
import { callDifference, difference } from './compare.mjs'
import { isOrdered, randomRead, toCalls, toRequest } from './reads.mjs'
import { assertAgreement, SCALE, startRun, TIMEOUT_MS } from './run.mjs'

const REQUESTS = 1_200 * SCALE
const CALLS = 400 * SCALE

const options = ({ spec }) => ({ ordered: isOrdered(spec), guessed: ['planned', 'estimated'].includes(spec.count), method: 'GET' })

test('random reads are answered as the server answers them', { timeout: TIMEOUT_MS }, async (t) => {
  const { local, remote, data, random } = await startRun(t, 'reads')
  const specs = Array.from({ length: REQUESTS }, () => randomRead(random, data))
  const requests = specs.map((spec) => ({ ...toRequest(spec), spec }))
  const [ours, theirs] = await Promise.all([local.requests(requests), remote.requests(requests)])
  assertAgreement(t, 'requests', requests, ours, theirs, (a, b, request) => difference(a, b, options(request)))

  const calls = Array.from({ length: CALLS }, () => randomRead(random, data)).filter((spec) => !spec.raw)
  const chains = calls.map(toCalls)
  const [here, there] = await Promise.all([local.calls(chains), remote.calls(chains)])
  const spec = new Map(chains.map((chain, n) => [chain, calls[n]]))
  assertAgreement(t, 'supabase-js calls', chains, here, there, (a, b, chain) => callDifference(a, b, options({ spec: spec.get(chain) })))
})

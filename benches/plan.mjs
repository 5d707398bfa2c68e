// What is measured, and what DESIGN section 15 asks of it.

const SUPABASE = 'supabase-js'
const QUERY = 'tc.query'
export const OURS = [SUPABASE, QUERY]
export const PEERS = ['IndexedDB', 'Dexie']

/** Writes by kind of call, then reads; ours through `via`. */
const WRITES = [
  { call: 'bulk', work: 'bulk insert of 10,000', unit: 'ms', target: { times: 20, peer: 'Dexie' } },
  { call: 'concurrent', work: '1,000 concurrent inserts', unit: 'ms', target: { times: 20, peer: 'Dexie' } },
  { call: 'single', work: 'awaited insert, p50', unit: 'ms', target: { times: 1, peer: 'IndexedDB' } },
]
const READS = [
  { call: 'point', work: 'point read', unit: 'µs', target: { times: 10, peer: 'IndexedDB' }, byQuery: 50 },
  { call: 'range', work: 'range of 1,000, sorted', unit: 'ms', target: { times: 10, peer: 'Dexie' } },
  { call: 'latest', work: 'filter and top 50', unit: 'ms', target: { times: 10, peer: 'Dexie' } },
]
const REOPEN = { kind: 'reopen', call: 'reopen', work: 'reopen, read 10,000', unit: 'ms', durability: 'strict', target: { times: 3, peer: 'Dexie' } }

const FULL = { passes: 5, durabilities: ['strict', 'relaxed'] }
const QUICK = { passes: 3, durabilities: ['strict'] }
export const SCALE = { rows: 10_000, concurrent: 1_000, singles: 200, reads: 500, queries: 10 }
/** Before the first pass, so that nothing measured is being compiled. */
export const WARM_UP = { ...SCALE, rows: 1_000, concurrent: 100, singles: 20, reads: 100, queries: 5 }

/** Passes, and works as `{ kind, call, durability }`. */
export function planOf(quick) {
  const { passes, durabilities } = quick ? QUICK : FULL
  const writes = durabilities.flatMap((durability) => WRITES.map((write) => ({ kind: 'write', durability, ...write })))
  const reads = READS.map((read) => ({ kind: 'read', durability: 'strict', ...read }))
  return { passes, works: [...writes, ...reads], reopen: REOPEN }
}

/** The lines of the report that a work gives: one for each way into ours. */
export function linesOf(work) {
  return OURS.map((via) => ({
    via,
    unit: work.unit,
    work: `${work.work}${work.kind === 'write' ? `, ${work.durability}` : ''}, ${via}`,
    target: via === QUERY && work.byQuery ? { ...work.target, times: work.byQuery } : work.target,
  }))
}

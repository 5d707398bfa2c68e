// What is measured, and what DESIGN section 15 asks of it.
//
// A *turn* is one call into the page for one store; it gives the figures of one work or of a few.

const SUPABASE = 'supabase-js'
const QUERY = 'tc.query'
export const OURS = [SUPABASE, QUERY]
const SAVED = 'WatermelonDB, saved'
const READERS = ['IndexedDB', 'Dexie', 'RxDB', 'WatermelonDB', 'SQLite']
/** Saving changes nothing of how WatermelonDB reads. */
export const PEERS = [...READERS.slice(0, -1), SAVED, 'SQLite']
/** Stores that not every browser can open. */
export const OPTIONAL = ['SQLite']

const times = (least, peer) => ({ least, peer })
const grouped = (count) => count.toLocaleString('en')

const SCALE = { rows: 10_000, concurrent: 1_000, singles: 200, reads: 500, queries: 40, lives: 30 }
const FULL = { passes: 5, durabilities: ['strict', 'relaxed'], tiers: [10_000, 100_000, 1_000_000], scale: SCALE }
const QUICK = { passes: 2, durabilities: ['strict'], tiers: [10_000, 100_000], scale: { ...SCALE, concurrent: 300, singles: 100, queries: 20 } }
/** Before the first pass, so that nothing measured is being compiled. */
export const WARM_UP = { ...SCALE, rows: 1_000, concurrent: 100, singles: 20, reads: 100, queries: 5, lives: 5 }

/** What a figure of a work is called at a scale, and its targets. */
const WORKS = {
  bulk: { work: ({ rows }) => `bulk insert of ${grouped(rows)}`, unit: 'ms', targets: [times(20, 'Dexie'), times(1, SAVED)] },
  concurrent: { work: ({ concurrent }) => `${grouped(concurrent)} concurrent inserts`, unit: 'ms', targets: [times(20, 'Dexie')] },
  single: { work: () => 'awaited insert, p50', unit: 'ms', targets: [times(1, 'IndexedDB')] },
  update: { work: ({ rows }) => `update of ${grouped(rows / 10)} in one request`, unit: 'ms', targets: [times(10, 'Dexie')] },
  live: { work: () => 'live query of 50 after a write, p50', unit: 'ms', targets: [times(1, 'IndexedDB')] },
  point: { work: () => 'point read', unit: 'µs', targets: [times(10, 'IndexedDB')], byQuery: [times(50, 'IndexedDB')] },
  range: { work: ({ rows }) => `range of ${grouped(rows / 10)}, sorted`, unit: 'ms', targets: [times(10, 'Dexie')] },
  latest: { work: () => 'filter and top 50', unit: 'ms', targets: [times(10, 'Dexie')] },
  reopen: { work: ({ rows }) => `reopen, read ${grouped(rows)}`, unit: 'ms', targets: [times(3, 'Dexie'), times(1, 'WatermelonDB')] },
}

/** Turns of a pass, in one page; `works` as keys of WORKS. The bulk insert of the others is how they get the rows that they change. */
const turnsOf = (durability) => [
  { turn: 'bulk', works: ['bulk'], durability, stores: OURS },
  { turn: 'concurrent', works: ['concurrent'], durability, stores: [...OURS, ...PEERS] },
  { turn: 'single', works: ['single'], durability, stores: [...OURS, ...PEERS] },
  { turn: 'changes', works: ['live', 'update'], durability, stores: [...OURS, ...PEERS] },
]
const READS = { turn: 'reads', works: ['point', 'range', 'latest'], durability: 'strict', stores: [...OURS, ...READERS] }
const REOPEN = { turn: 'reopen', works: ['reopen'], durability: 'strict', stores: [...OURS, ...READERS] }
/** Works whose figures do not depend on what a write waits for. */
const ANY_DURABILITY = [...READS.works, ...REOPEN.works]

/** Figures of ours alone, by the names that browser/own.ts gives them. */
const OWN = [
  { figure: 'time 10000', work: 'read of 50 in time order, from segments, 10,000 rows', unit: 'ms' },
  { figure: 'time 100000', work: 'read of 50 in time order, from segments, 100,000 rows', unit: 'ms', most: 2, of: 'time 10000' },
  { figure: 'time 1000000', work: 'read of 50 in time order, from segments, 1,000,000 rows', unit: 'ms', most: 4, of: 'time 10000' },
  { figure: 'index 100000', work: 'read of 50 by another index, 100,000 rows', unit: 'ms', most: 40 },
  { figure: 'index 1000000', work: 'read of 50 by another index, 1,000,000 rows', unit: 'ms' },
  { figure: 'write, unwatched', work: 'awaited insert, strict, p50, nobody watches', unit: 'ms' },
  { figure: 'write beside live', work: 'awaited insert, strict, p50, beside 1,000 live queries', unit: 'ms', most: 1.5, of: 'write, unwatched', base: 'the same unwatched' },
  { figure: 'wait', work: 'longest wait of an append beside a checkpoint of 8 MiB, p99', unit: 'ms', most: 8 },
  { figure: 'filled 100000', work: 'wasm memory after pulling 100,000 rows', unit: 'MiB' },
  { figure: 'memory 100000', work: 'wasm memory, 100,000 warm rows, newest 10 MB read', unit: 'MiB', most: 40 },
  { figure: 'filled 1000000', work: 'wasm memory after pulling 1,000,000 rows', unit: 'MiB' },
  { figure: 'memory 1000000', work: 'wasm memory, 1,000,000 warm rows, newest 10 MB read', unit: 'MiB' },
  { figure: 'shipped', work: 'shipped size, module and JavaScript, brotli', unit: 'kB', most: 150 },
]

export function planOf({ quick }) {
  const { passes, durabilities, tiers, scale } = quick ? QUICK : FULL
  return { passes, scale, tiers, turns: [...durabilities.flatMap(turnsOf), READS], reopen: REOPEN }
}

/** The lines of the report about works of all stores: `{ key, via, work, unit, targets }`, where `key` finds the samples. */
export function linesOf({ turns, reopen, scale }) {
  return [...turns, reopen].flatMap(({ works, durability }) => works.flatMap((name) => OURS.map((via) => {
    const { work, unit, targets, byQuery } = WORKS[name]
    const label = ANY_DURABILITY.includes(name) ? '' : `, ${durability}`
    return { key: keyOf(name, durability), via, work: `${work(scale)}${label}, ${via}`, unit, targets: (via === QUERY && byQuery) || targets }
  })))
}

export const ownLines = () => OWN

/** What samples of a work are filed under. */
export const keyOf = (work, durability) => `${work} ${durability}`

// From samples to lines of the report, in the shape of report.mjs: `{ work, ours, peers, ratio, unit, target, met }`.
//
// Where RxDB does the same work, `ratio` is its figure divided by ours; else ours divided by what the work's name says it is beside.

import { median } from '../report.mjs'

const grouped = (count) => count.toLocaleString('en')
const significant = (number) => Number(number.toPrecision(3))
const THOUSAND = 1_000

/** @param {Map<string, number[]>} samples by figure @param {{ drained: number, first: number }} plan */
export function linesOf(samples, { drained, first }) {
  const of = (figure) => median(samples.get(figure))
  const beside = (work, unit, ours, rxdb, least) => {
    const ratio = significant(of(rxdb) / of(ours))
    return { work, ours: significant(of(ours)), peers: { RxDB: significant(of(rxdb)) }, ratio, unit, target: least ? `${least} × RxDB` : null, met: least ? ratio >= least : null }
  }
  const own = (work, unit, ours, base, most) => {
    const ratio = base === null ? null : significant(of(ours) / of(base))
    return { work, ours: significant(of(ours)), peers: {}, ratio, unit, target: most ? `at most ${most}` : null, met: most ? ratio <= most : null }
  }
  return [
    beside(`drain ${grouped(drained)} offline inserts`, 'ms', 'drain ours', 'drain rxdb', 5),
    own(`the same, of the server's own time for ${grouped(drained)}`, 'ms', 'drain ours', 'drain direct'),
    beside(`first sync of ${grouped(first)} rows`, 'ms', 'first ours', 'first rxdb'),
    own('the same, of the server\'s own time for its pages', 'ms', 'first ours', 'first direct', 1.5),
    beside('requests per 1,000 mutations', '', 'drain requests ours', 'drain requests rxdb'),
    beside('kB sent per 1,000 mutations', 'kB', 'drain sent ours', 'drain sent rxdb'),
    beside('kB received per 1,000 mutations', 'kB', 'drain received ours', 'drain received rxdb'),
    beside('kB received per 1,000 rows of the first sync', 'kB', 'first received ours', 'first received rxdb'),
    own('insert with _rev, of a plain one', 'µs', 'insert stamped', 'insert plain'),
    own('insert with _rev and _at, of one with _rev alone', 'µs', 'insert merged', 'insert stamped'),
    own('update with _rev, of a plain one', 'µs', 'update stamped', 'update plain'),
    own('update with _rev and _at, of one with _rev alone', 'µs', 'update merged', 'update stamped'),
    own('empty delta', 'ms', 'delta', null),
    own('empty delta beside a transaction idle for 10,000 rows, of one without', 'ms', 'delta beside idle', 'delta'),
    ...['insert', 'update'].flatMap((op) => [
      own(`push of ${op}s one by one`, 'rows/s', `push ${op} 1`, null),
      ...[50, 500].map((size) => own(`push of ${op}s by ${size}, of those one by one`, 'rows/s', `push ${op} ${size}`, `push ${op} 1`)),
    ]),
  ]
}

/** Traffic of a run, per thousand of what it brought over. */
export function perThousand({ requests, sent, received }, count) {
  const scale = THOUSAND / count
  return { requests: requests * scale, sent: (sent / THOUSAND) * scale, received: (received / THOUSAND) * scale }
}

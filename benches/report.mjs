// From samples to the report: medians, ratios, what is met, and tables of it.

/** The median of some numbers. */
export function median(samples) {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

/**
 * A line about a work that all stores do: `{ work, ours, peers, ratio, unit, target, met }`. `ratio` says how many times quicker
 * ours is than the first peer that the target names.
 */
export function entryOf({ work, unit, targets }, ours, peers) {
  const factor = unit === 'µs' ? 1_000 : 1
  const figure = (samples) => significant(median(samples) * factor)
  const figures = Object.fromEntries(Object.entries(peers).map(([name, samples]) => [name, figure(samples)]))
  const ratios = targets.map(({ peer }) => significant(median(peers[peer]) / median(ours)))
  const met = targets.every(({ least }, at) => ratios[at] >= least)
  const target = targets.map(({ least, peer }) => `${least} × ${peer}`).join(', ')
  return { work, ours: figure(ours), peers: figures, ratio: ratios[0], unit, target, met }
}

/** A line about ours alone. Its target is a figure, or a multiple of another line of ours; then `ratio` is ours to that. */
export function ownEntryOf({ work, unit, most, of, base: name = 'the same at 10,000 rows' }, ours, base) {
  const ratio = of === undefined ? null : significant(median(ours) / median(base))
  const figure = significant(median(ours))
  const target = most === undefined ? null : of === undefined ? `at most ${most} ${unit}` : `at most ${most} × ${name}`
  return { work, ours: figure, peers: {}, ratio, unit, target, met: most === undefined ? null : (ratio ?? figure) <= most }
}

const significant = (number) => Number(number.toPrecision(3))

/** Head and cells of the report as a table. */
export function cellsOf(report) {
  const names = [...new Set(report.flatMap(({ peers }) => Object.keys(peers)))]
  const head = ['work', 'unit', 'ours', ...names, 'ratio', 'target', '']
  const body = report.map(({ work, unit, ours, peers, ratio, target, met }) => [
    work, unit, `${ours}`, ...names.map((name) => `${peers[name] ?? '–'}`), `${ratio ?? '–'}`, target ?? '–', MET[String(met)],
  ])
  const isText = head.map((_, at) => at < 2 || at > 3 + names.length)
  return { head, body, isText }
}

const MET = { true: 'met', false: 'not met', null: '' }

/** The report as lines of a table for a terminal. */
export function tableOf(report) {
  const { head, body, isText } = cellsOf(report)
  const widths = head.map((_, at) => Math.max(...[head, ...body].map((cells) => cells[at].length)))
  const line = (cells) => cells.map((cell, at) => (isText[at] ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  ').trimEnd()
  return [head, widths.map((width) => '-'.repeat(width)), ...body].map(line)
}

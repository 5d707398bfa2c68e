// From samples to the report: medians, ratios to the peer that the target names, a table.

/** The median of some numbers. */
export function median(samples) {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

/** `{ work, ours, peers, ratio, unit, target, met }`. `ratio` says how many times quicker ours is. */
export function entryOf({ work, unit, target }, ours, peers) {
  const factor = unit === 'µs' ? 1_000 : 1
  const figure = (samples) => significant(median(samples) * factor)
  const figures = Object.fromEntries(Object.entries(peers).map(([name, samples]) => [name, figure(samples)]))
  const ratio = significant(median(peers[target.peer]) / median(ours))
  return { work, ours: figure(ours), peers: figures, ratio, unit, target: `${target.times} × ${target.peer}`, met: ratio >= target.times }
}

const significant = (number) => Number(number.toPrecision(3))

/** The report as lines of a table. */
export function tableOf(report) {
  const names = [...new Set(report.flatMap(({ peers }) => Object.keys(peers)))]
  const head = ['work', 'unit', 'ours', ...names, 'ratio', 'target', '']
  const body = report.map(({ work, unit, ours, peers, ratio, target, met }) =>
    [work, unit, `${ours}`, ...names.map((name) => `${peers[name] ?? '–'}`), `${ratio}`, target, met ? 'met' : 'not met'])
  const widths = head.map((_, at) => Math.max(...[head, ...body].map((cells) => cells[at].length)))
  const isText = (at) => at < 2 || at > 3 + names.length
  const line = (cells) => cells.map((cell, at) => (isText(at) ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  ').trimEnd()
  return [head, widths.map((width) => '-'.repeat(width)), ...body].map(line)
}

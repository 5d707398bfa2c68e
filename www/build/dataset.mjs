// Turns MDN's browser-compat-data (CC0) into entries: public/browser-features.json. A third are the
// features that have most to tell, the others are taken evenly from all of them. Same input, same file.
//
//   node build/dataset.mjs      (part of `npm run build` and `npm run dev`)

import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const TARGET = fileURLToPath(new URL('../public/browser-features.json', import.meta.url))
const ROWS = 3_500
const TELLING_ROWS = 700
const BODY_CHARS = 2_500
const BROWSERS = ['chrome', 'firefox', 'safari']
const ENGINES = ['chrome', 'firefox', 'safari']
const YEAR_MS = 365.25 * 24 * 60 * 60 * 1000

const source = createRequire(import.meta.url)('@mdn/browser-compat-data')

/** Every feature of a tree of them, with its path. */
function* featuresOf(tree, path) {
  for (const [name, value] of Object.entries(tree)) {
    if (name === '__meta' || name === 'browsers') continue
    if (name === '__compat') yield { path, compat: value }
    else yield* featuresOf(value, [...path, name])
  }
}

function entryOf({ path, compat }) {
  const dates = ENGINES.map((engine) => releaseOf(engine, compat.support[engine]))
  const known = dates.filter(Boolean).sort()
  return {
    slug: path.join('.'),
    title: titleOf(path),
    body: bodyOf(compat),
    mood: null,
    // Years between the first and the last of the three engines.
    amount: known.length === ENGINES.length ? yearsBetween(known[0], known.at(-1)) : null,
    tags: tagsOf(path, compat),
    meta: metaOf(compat),
    status: known.length === ENGINES.length ? 'done' : 'open',
    happened_on: known[0] ?? null,
  }
}

// What a path says only to sort features into folders.
const FOLDERS = new Set(['properties', 'types', 'elements', 'builtins', 'selectors', 'at-rules', 'headers', 'commands'])

const titleOf = (path) => path.slice(FOLDERS.has(path[1]) && path.length > 2 ? 2 : 1).map((name) => name.replace(/_static$/, ' (static)').replaceAll('_', ' ')).join(' › ') || path[0]

function bodyOf({ description, support, spec_url: specs }) {
  const text = [description && textOf(description), ...notesOf(support), ...[specs ?? []].flat()].filter(Boolean).join('\n\n')
  return text === '' ? null : text.slice(0, BODY_CHARS)
}

/** Each note once, with the browsers it speaks of before it. */
function notesOf(support) {
  const browsersByNote = new Map()
  for (const [browser, statements] of Object.entries(support)) {
    for (const note of [statements].flat().flatMap(({ notes = [] }) => notes)) {
      browsersByNote.set(note, (browsersByNote.get(note) ?? new Set()).add(source.browsers[browser].name))
    }
  }
  return [...browsersByNote].map(([note, browsers]) => `${[...browsers].join(', ')}: ${textOf(note)}`)
}

/** Notes are written in a little HTML: links, code and entities. */
const textOf = (html) => html
  .replaceAll(/<[^>]*>/g, '')
  .replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')

const tagsOf = ([area], { status, tags = [] }) => [
  area,
  ...tags.map((tag) => tag.replace('web-features:', '')).filter((tag) => !tag.startsWith('snapshot:')),
  ...(status?.deprecated ? ['deprecated'] : []),
  ...(status?.experimental ? ['experimental'] : []),
]

const metaOf = ({ mdn_url: url, status, support }) => ({
  url: url ?? null,
  standard: status?.standard_track ?? null,
  support: Object.fromEntries(BROWSERS.filter((browser) => support[browser]).map((browser) => [browser, supportOf(support[browser])])),
})

function supportOf(statements) {
  const brief = [statements].flat().map(({ version_added: since, version_removed: until, prefix, flags }) => ({
    since: since ?? null,
    ...(until ? { until } : {}),
    ...(prefix ? { prefix } : {}),
    ...(flags ? { flags: flags.map(({ name }) => name) } : {}),
  }))
  return brief.length === 1 ? brief[0] : brief
}

/** The day of the first release with the feature on by default; null if there is none, or it is not known. */
function releaseOf(browser, statements) {
  const plain = [statements ?? []].flat().find(({ version_added: since, version_removed: until, flags }) => typeof since === 'string' && !until && !flags)
  const release = plain && source.browsers[browser].releases[plain.version_added.replace('≤', '')]
  const day = release?.release_date
  return day && day <= source.__meta.timestamp ? day : null // what is planned is not known yet
}

const yearsBetween = (first, last) => Math.round((Date.parse(last) - Date.parse(first)) / YEAR_MS * 100) / 100

/** How much a row has to tell: characters beyond ASCII first, then the length of its text. */
const worth = ({ title, body }) => (/[^\x00-\x7f]/.test(body ?? '') ? 2_000 : 0) + Math.min(body?.length ?? 0, 3_000) - title.length

/** The most telling rows, and every n-th of the others, in the order of their names. */
function choose(entries) {
  const ranked = entries.toSorted((a, b) => worth(b) - worth(a) || bySlug(a, b))
  const others = ranked.slice(TELLING_ROWS).sort(bySlug)
  const every = others.length / (ROWS - TELLING_ROWS)
  const sample = Array.from({ length: ROWS - TELLING_ROWS }, (_, n) => others[Math.floor(n * every)])
  return [...ranked.slice(0, TELLING_ROWS), ...sample].sort(bySlug)
}

const bySlug = (a, b) => (a.slug < b.slug ? -1 : 1)

function main() {
  const rows = choose([...featuresOf(source, [])].map(entryOf))
  const dataset = { source: '@mdn/browser-compat-data', version: source.__meta.version, licence: 'CC0-1.0', rows }
  mkdirSync(dirname(TARGET), { recursive: true })
  writeFileSync(TARGET, JSON.stringify(dataset))
}

main()

// The table that both sides are asked about: every everyday type, and values that have caused trouble.
//
// Its rows are written by SQL, so that no digit and no zone has passed a JavaScript number or Date. The
// pools of values are shared with the requests, so that filters find something.

/** The table, owned and synced like an app's own. */
export const TABLE = `
  create table public.samples (
    id uuid not null default gen_random_uuid(),
    user_id uuid not null default auth.uid(),
    title text not null,
    code text collate "C",
    note text,
    kind character varying(12) default 'plain',
    small smallint,
    n integer default 0,
    big bigint,
    price numeric(12, 2),
    exact numeric,
    ratio double precision,
    done boolean not null default false,
    day date,
    at timestamptz,
    moment timestamp,
    clock time,
    meta jsonb default '{}',
    labels text[],
    made_at timestamptz not null default now(),
    constraint samples_pkey primary key (id)
  );
  alter table public.samples enable row level security;
  create policy samples_are_their_owners on public.samples for all to authenticated
    using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
  revoke all on public.samples from public, anon, authenticated;
  grant select, insert, update, delete on public.samples to authenticated, service_role;
  select thermocline.enable('public.samples', 'user_id', 'merge', time_col => 'made_at');`

/** Case, accents, digits, punctuation and length: what an ICU collation orders unlike bytes. */
const TEXTS = [
  'apple', 'Apple', 'APPLE', 'äpfel', 'Äpfel', 'zebra', 'Zebra', 'éclair', 'eclair', 'Eclair', 'ecole', 'résumé', 'resume',
  'naïve', 'co-op', 'coop', 'co op', 'CO-OP', 'a', 'B', 'c', '10', '9', '2', 'item 10', 'item 9', '_under', '-dash', '', ' lead', 'trail ',
  "O'Brien", 'say "hi"', 'a,b', 'a.b', '(par)', '50% off', '100_1', 'back\\slash', 'x*y', 'null', 'true', 'ß', 'ss', 'SS', 'straße', 'STRASSE',
  '日本語', '日記', 'ひらがな', 'Ωmega', 'ωmega', 'Привет', 'привет', '🦊 fox', '🍎', 'line\nbreak', 'tab\there', 'İstanbul', 'ıstanbul', 'cafe\u0301', 'café',
  'a:b', 'eq.1', 'not.null', '{curly}', '[1]', 'per%cent', '&amp;', 'semi;colon', '+plus', '#hash', 'a/b?c=d',
]
const MOMENTS = [
  '2024-02-29T23:59:59.999999+00:00', '2025-03-30T01:30:00+01:00', '2025-03-30 02:30:00.5+02', '2025-01-01T00:00:00Z', '2024-12-31T19:00:00-05:00',
  '2025-07-15T12:00:00.120+05:30', '1999-12-31T23:59:59Z', '1969-07-20T20:17:40Z', '2025-07-15 06:30:00.12+00', '2025-10-26T00:00:00Z',
]
const METAS = [
  '{}', '[]', '{"mood": 5}', '{"mood": 10, "who": "Ann"}', '{"mood": "5"}', '{"who": null}', '{"a": {"b": [1, 2, {"c": "deep"}]}}', '[1, "two", null]',
  '"text"', '42', '1.50', 'true', '{"bb": 1, "a": 2, "ccc": 3}', '{"é": "ü, \\"q\\""}', '{"who": "Bob, Jr.", "mood": -1.25}', '{"big": 12345678901234567890.5}',
]

/** Values of each column as text, as a filter or a body may write them. `id` and `user_id` are filled in later. */
export const POOLS = {
  title: TEXTS,
  code: TEXTS,
  note: [...TEXTS, 'a long note, with commas; and more. '.repeat(6)],
  kind: ['plain', 'Plain', 'odd', 'twelve chars', 'é'],
  small: ['-32768', '-1', '0', '1', '2', '3', '32767'],
  n: ['-2147483648', '-7', '0', '1', '2', '3', '10', '42', '2147483647'],
  big: ['-9007199254740991', '-1', '0', '7', '9007199254740991', '9007199254740993', '9223372036854775807', '-9223372036854775808'],
  price: ['0.00', '0.10', '-0.01', '1.50', '2.00', '10', '9.99', '19.90', '9999999999.99', '-12.3'],
  exact: ['0', '0.1', '0.10', '1', '1.0', '-3.14159265358979323846', '12345678901234567890.123456789', '12345678901234567891', '1e-10', '1000000', 'NaN'],
  ratio: ['0', '0.1', '-0.5', '1.5', '3.141592653589793', '1e20', '1e-7', '100000', 'NaN', 'Infinity'],
  done: ['true', 'false'],
  day: ['2024-02-29', '2025-01-01', '2025-12-31', '1970-01-01', '1900-03-01', '2025-06-15'],
  at: MOMENTS,
  moment: ['2024-02-29T23:59:59.999999', '2025-01-01T00:00:00', '2025-01-01 12:30:00.5', '1970-01-01T00:00:00', '2025-06-15T08:00'],
  clock: ['00:00:00', '23:59:59.999999', '12:30', '09:05:06.5'],
  meta: METAS,
  labels: ['{}', '{a}', '{a,b}', '{b,a}', '{"c d","e,f"}', '{NULL,a}', '{é,日本}'],
  made_at: ['2025-01-01T08:00:00Z', '2025-01-02T08:00:00.25Z', '2025-02-01T00:00:00+02:00'],
}
export const COLUMNS = ['id', 'user_id', ...Object.keys(POOLS)]
const REQUIRED = new Set(['title', 'done', 'made_at'])
const NULLS_PERCENT = 22

/** A row as text values by column; null is null. */
export function randomRow(random, id, user) {
  const row = { id, user_id: user }
  for (const [column, pool] of Object.entries(POOLS)) {
    const values = column === 'labels' ? pool.filter((text) => text !== '{NULL,a}') : pool // lite answers "NULL" for null
    row[column] = !REQUIRED.has(column) && random.chance(NULLS_PERCENT) ? null : random.pick(values)
  }
  return row
}

/** Writes rows past the API; `sql` is the server's. */
export async function insertRows(sql, rows) {
  const list = COLUMNS.map((column) => (column === 'meta' ? `(r->>'meta')::jsonb` : `(r->>'${column}')::${TYPES[column] ?? 'text'}`))
  await sql(`insert into public.samples (${COLUMNS.join(', ')}) select ${list.join(', ')} from jsonb_array_elements($1::text::jsonb) r`, [JSON.stringify(rows)])
}

const TYPES = {
  id: 'uuid', user_id: 'uuid', small: 'smallint', n: 'integer', big: 'bigint', price: 'numeric', exact: 'numeric', ratio: 'float8', done: 'boolean',
  day: 'date', at: 'timestamptz', moment: 'timestamp', clock: 'time', labels: 'text[]', made_at: 'timestamptz',
}

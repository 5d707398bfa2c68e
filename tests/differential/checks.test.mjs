// CHECK constraints as PostgreSQL prints and decides them, kept in tests/fixtures/checks.txt for the engine's own test
// (src/query/check/tests.rs), which must decide each alike or leave it to the server.
//
// The fixture: the definition of `samples` as thermocline_schema answers it, then rows, each behind a letter for each
// constraint: true, false, null, or error. DIFFERENTIAL_SEED=<n> BLESS=1 writes one of other rows.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { connect, testCluster } from '../sql/cluster.mjs'
import { EXPRESSIONS } from './checks.mjs'
import { makeRandom } from './random.mjs'
import { SEED } from './run.mjs'
import { COLUMNS, insertRows, randomRow, TABLE } from './samples.mjs'

const ROWS = 60
const FIXTURE = fileURLToPath(new URL('../fixtures/checks.txt', import.meta.url))
const USER = '00000000-0000-4000-8000-000000000001'
const MADE = '2025-01-01 00:00:00+00' // a row that gave none has one all the same

const VERDICT = `create function pg_temp.verdict(expression text, row_id uuid) returns text language plpgsql as $$
  declare holds boolean;
  begin
    execute format('select %s from public.samples where id = $1', expression) into holds using row_id;
    return case when holds then 't' when not holds then 'f' else 'n' end;
  exception when data_exception then return 'e';
  end $$`

const cluster = await testCluster()

test('the fixture of checks is what PostgreSQL prints and decides', { timeout: 120_000 }, async (t) => {
  const client = await connect(await cluster.database())
  after(() => client.end())
  const sql = async (text, values) => (await client.query(text, values)).rows
  const random = makeRandom(SEED)
  await sql(TABLE)
  await sql('insert into auth.users (id) values ($1)', [USER])
  await insertRows(sql, Array.from({ length: ROWS }, () => ({ ...randomRow(random, random.uuid(), USER), made_at: MADE })))
  for (const [n, expression] of EXPRESSIONS.entries()) {
    await sql(`alter table public.samples add constraint c${String(n).padStart(3, '0')} check (${expression}) not valid`)
  }
  await sql(VERDICT)
  const [{ table }] = await sql(`select (public.thermocline_schema(1, '["samples"]') #> '{tables,samples}') - '_' as table`)
  assert.ok(table.checks.every(({ local }) => local))
  const lines = await sql(`select (select string_agg(pg_temp.verdict(c ->> 'expression', s.id), '' order by n) from jsonb_array_elements($1::jsonb) with ordinality q(c, n))
    || ' ' || (to_jsonb(s) - '_rev' - '_at')::text as line from public.samples s order by id`, [JSON.stringify(table.checks)])
  const made = [JSON.stringify(table), ...lines.map(({ line }) => line), ''].join('\n')
  t.diagnostic(`${EXPRESSIONS.length} constraints over ${ROWS} rows of ${COLUMNS.length} columns`)
  if (process.env.BLESS) writeFileSync(FIXTURE, made)
  else if (SEED === 1) assert.equal(made, readFileSync(FIXTURE, 'utf8'))
})

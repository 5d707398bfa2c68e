// RECIPES 1.5: a bad row is refused by the check that says why, a good one is taken. tests/fixtures/recipes_<recipe>_checks.json lists
// the cases, `{table, row, constraint}` (null: taken), for PostgreSQL here and for whoever checks rows on a device.
//
// In a row, {"@repeat": [text, n]} stands for a text n times, "@project" for the id of a project of the row's owner, "@vector" for
// a vector of 384 dimensions. Every check of a recipe's tables has a case that it refuses.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openLite } from '../../supabase/dev/lite.mjs';
import { recipeNames } from '../../supabase/dev/migrate.mjs';
import { KEYS } from '../../supabase/dev/server.mjs';
import { connect, testCluster } from './cluster.mjs';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
const OWNER = '00000000-0000-4000-8000-000000000001';
const PROJECT = '00000000-0000-4000-8000-0000000000aa';
const CHECKS = `select r.name as table, c.conname as name from thermocline.recipe_tables r join pg_constraint c
  on c.conrelid = format('public.%I', r.name)::regclass and c.contype = 'c' where r.recipe = $1`;

const cluster = await testCluster();
const lists = fs.readdirSync(FIXTURES).flatMap((file) => {
  const [, name] = /^recipes_(\w+)_checks\.json$/.exec(file) ?? [];
  return name ? [{ name, recipe: ['shared', ...recipeNames()].find((recipe) => name.startsWith(recipe)), cases: JSON.parse(fs.readFileSync(FIXTURES + file, 'utf8')) }] : [];
});

function written(value) {
  if (value === '@project') return PROJECT;
  if (value === '@vector') return `[${Array.from({ length: 384 }, (_, n) => n % 7)}]`;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(written);
  if (value['@repeat']) return value['@repeat'][0].repeat(value['@repeat'][1]);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, written(inner)]));
}

/** The check that refuses a row, or null. Nothing stays. */
async function refusalOf(database, { table, row }) {
  const whole = written({ user_id: OWNER, ...row });
  const names = Object.keys(whole).map((name) => `"${name}"`).join(', ');
  const insert = `insert into public.${table} (${names}) select ${names} from jsonb_populate_record(null::public.${table}, $1::text::jsonb)`;
  await database.sql('begin');
  try {
    await database.sql(insert, [JSON.stringify(whole)]);
    return null;
  } catch (error) {
    if (error.code !== '23514') throw error;
    return error.constraint ?? error.constraint_name;
  } finally {
    await database.sql('rollback');
  }
}

async function prepared(database) {
  const exists = async (table) => (await database.sql('select to_regclass($1) is not null as exists', [table]))[0].exists;
  await database.sql('insert into auth.users (id) values ($1)', [OWNER]);
  if (await exists('public.projects')) await database.sql(`insert into public.projects (id, user_id, title) values ('${PROJECT}', $1, 'A')`, [OWNER]);
  return { ...database, exists };
}

async function onPostgres(recipe) {
  const client = await connect(await cluster.database([recipe]));
  return prepared({ sql: async (text, params) => (await client.query(text, params)).rows, close: () => client.end() });
}

const embedded = new Map(); // one PGlite a recipe: to start one takes seconds
after(async () => Promise.all([...embedded.values()].map(async (database) => (await database).lite.close())));
function onPglite(recipe) {
  if (!embedded.has(recipe)) {
    embedded.set(recipe, openLite({ backend: 'pglite', recipes: [recipe], jwtExpiry: 60, ...KEYS })
      .then((lite) => prepared({ sql: lite.sql, lite, close: () => {} })));
  }
  return embedded.get(recipe);
}

for (const { name, recipe, cases } of lists) {
  for (const [place, open] of [['PostgreSQL', onPostgres], ['PGlite', onPglite]]) {
    test(`${name}, ${place}: each bad row is refused by the check that says why, each good one is taken`, async (t) => {
      const database = await open(recipe);
      t.after(() => database.close());
      const [{ table }] = cases;
      if (!(await database.exists(`public.${table}`))) return t.skip(`there is no table ${table}: its extension is missing`);
      const wrong = [];
      for (const each of cases) {
        const found = await refusalOf(database, each);
        if (found !== each.constraint) wrong.push({ ...each, found });
      }
      assert.deepEqual(wrong, []);
    });
  }
}

for (const recipe of new Set(lists.map((list) => list.recipe))) {
  test(`${recipe}: every check has a case that it refuses`, async () => {
    const database = await onPglite(recipe); // it has every extension
    const tried = new Set(lists.filter((list) => list.recipe === recipe).flatMap(({ cases }) => cases.map(({ constraint }) => constraint)));
    const checks = await database.sql(CHECKS, [recipe]);
    assert.ok(checks.length > 0);
    assert.deepEqual(checks.filter((check) => !tried.has(check.name)), []);
  });
}

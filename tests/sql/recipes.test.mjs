// Recipes as they are installed: any subset, in any order, over PostgreSQL and PGlite; a kept database is brought up to date.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { migrate, recipeNames, recipeScripts } from '../../supabase/dev/migrate.mjs';
import { startServer } from '../../supabase/dev/server.mjs';
import { connect, testCluster } from './cluster.mjs';

const cluster = await testCluster();
const TABLES = `select c.relname as name from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1`;

/** Every order of every subset, the empty one left out. */
function orders(names) {
  return names.flatMap((name) => [[name], ...orders(names.filter((other) => other !== name)).map((rest) => [name, ...rest])]);
}

/** A database's connection in the shape that `migrate` takes. */
async function open(url) {
  const client = await connect(url);
  const sql = async (text, params) => (await client.query(text, params)).rows;
  return { run: (text) => client.query(text), sql, close: () => client.end() };
}

/** What devices are told, and who may do what, as text. */
async function shape({ sql }) {
  const [{ tables }] = await sql(`select public.thermocline_schema(1) -> 'tables' as tables`);
  const policies = await sql(`select tablename, policyname, cmd, roles::text, qual, with_check from pg_policies order by 1, 2`);
  const triggers = await sql(`select pg_get_triggerdef(oid) as t from pg_trigger where not tgisinternal order by 1`);
  const functions = await sql(`select oid::regprocedure::text as f, proacl::text, md5(prosrc) as body from pg_proc
    where pronamespace in ('public'::regnamespace, 'thermocline'::regnamespace) order by 1`);
  return JSON.stringify({ tables, policies, triggers, functions }, null, 1);
}

test('every subset installs in every order, and the order makes no difference', async () => {
  const shapes = new Map();
  for (const recipes of orders(recipeNames())) {
    const database = await open(await cluster.database());
    await migrate(database, { recipes });
    const subset = recipes.toSorted().join(' ');
    const found = await shape(database);
    await database.close();
    assert.equal(found, shapes.get(subset) ?? found, `${recipes.join(', then ')} differs from another order`);
    shapes.set(subset, found);
  }
  assert.equal(shapes.size, 2 ** recipeNames().length - 1);
});

test('each recipe declares exactly the tables that it makes', async () => {
  for (const recipe of ['shared', ...recipeNames()]) {
    const database = await open(await cluster.database());
    const names = async () => (await database.sql(TABLES)).map(({ name }) => name);
    if (recipe !== 'shared') await migrate(database, { recipes: ['shared'] });
    const before = await names();
    await migrate(database, { recipes: [recipe] });
    const made = (await names()).filter((name) => !before.includes(name));
    const declared = await database.sql('select name from thermocline.recipe_tables where recipe = $1 order by name', [recipe]);
    await database.close();
    assert.deepEqual(declared.map(({ name }) => name), made, recipe);
  }
});

test('the scripts of shared can be run again', async () => {
  const database = await open(await cluster.database(['shared']));
  const before = await shape(database);
  for (const { sql } of recipeScripts(['shared'])) await database.run(sql);
  assert.equal(await shape(database), before);
  await database.close();
});

test('the optional jobs are scheduled where pg_cron is, and asked for elsewhere', async () => {
  const database = await open(await cluster.database(recipeNames()));
  const jobs = recipeScripts(recipeNames()).filter(({ version }) => version.endsWith('_cron.sql'));
  for (const { sql } of jobs) await database.run(sql); // a notice, and nothing else
  // Debian's pg_cron wants a server of its own: its two names stand in for it.
  await database.run(`set allow_system_table_mods = on; create schema cron; create table cron.job (name text, schedule text, command text);
    create function cron.schedule(text, text, text) returns bigint language sql as 'insert into cron.job values ($1, $2, $3) returning 1::bigint';
    insert into pg_catalog.pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) select 99999, 'pg_cron', 10, 'cron'::regnamespace, false, '1.6'`);
  for (const { sql } of jobs) await database.run(sql);
  const scheduled = await database.sql('select name, schedule, command from cron.job order by name');
  for (const { command } of scheduled) await database.run(command);
  await database.close();
  const named = scheduled.map(({ name, schedule }) => `${name} ${schedule}`);
  assert.ok(named.includes('purge-sync-logs 27 3 * * *') && named.includes('generate-daily-insights 15 0 * * *'), named.join(', '));
});

test('a recipe that does not exist is refused by name', async () => {
  const database = await open(await cluster.database());
  await assert.rejects(migrate(database, { recipes: ['nope'] }), /no recipe "nope" in supabase\/recipes/);
  await database.close();
});

test('PGlite takes them all, and a kept folder gets those it lacks', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'thermocline-recipes-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  let running;
  t.after(() => running?.close());
  const restart = async (recipes) => {
    await running?.close();
    running = undefined; // closed, should the next one fail to start
    running = await startServer({ dataDir: path.join(folder, 'db'), recipes });
    return (await running.sql(`select version from supabase_migrations.schema_migrations where version like 'recipes/%' order by version`)).map(({ version }) => version);
  };
  const files = (recipes) => recipeScripts(recipes).map(({ version }) => version).sort();
  assert.deepEqual(await restart([]), []);
  assert.deepEqual(await restart(['shared']), files(['shared']));
  assert.deepEqual(await restart(recipeNames()), files(['shared', ...recipeNames()]));
  assert.deepEqual(await restart(recipeNames()), files(['shared', ...recipeNames()]));
});

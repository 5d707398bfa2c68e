// What every test against a real PostgreSQL begins with: one private cluster a test file, and a migrated database that is copied
// for each test that wants its own.
import { after } from 'node:test';
import pg from 'pg';
import { migrate } from '../../supabase/dev/migrate.mjs';
import { startPostgres } from '../../supabase/dev/postgres.mjs';

/** A connection as the database's owner. @param {string} url */
export async function connect(url) {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {}); // a killed backend is some tests' point
  await client.connect();
  return client;
}

/**
 * Starts the file's cluster and stops it when the file's tests are over.
 * @param {string[]} [scripts] SQL run on the template after the migrations
 * @returns {Promise<{ database(recipes?: string[]): Promise<string>, replica: Awaited<ReturnType<typeof startPostgres>>['replica'] }>}
 *   `database` is migrated, and has these recipes
 */
export async function testCluster(scripts = []) {
  const cluster = await startPostgres();
  after(() => cluster.stop());
  const template = await cluster.newDatabase();
  await prepare(template, [], scripts);
  const templates = new Map([['', template]]);
  async function database(recipes = []) {
    const name = recipes.join(' ');
    if (!templates.has(name)) {
      templates.set(name, await cluster.newDatabase(template));
      await prepare(templates.get(name), recipes);
    }
    return cluster.newDatabase(templates.get(name));
  }
  return { database, replica: cluster.replica };
}

async function prepare(url, recipes, scripts = []) {
  const client = await connect(url);
  const sql = async (text, params) => (await client.query(text, params)).rows;
  await migrate({ run: (text) => client.query(text), sql }, { recipes });
  for (const script of scripts) await client.query(script);
  await client.end();
}

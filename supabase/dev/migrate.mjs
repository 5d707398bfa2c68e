// Brings a database up to date: first what a hosted project has, then the migrations of supabase/migrations in the order of their
// names, each once, as one script and so in one
// transaction. Which ones ran is noted where the Supabase CLI notes it.
import fs from 'node:fs';

const MIGRATIONS = new URL('../migrations/', import.meta.url);
const NOTES = `create schema if not exists supabase_migrations;
  create table if not exists supabase_migrations.schema_migrations (version text primary key, statements text[], name text);`;

/** The migrations, in order. */
export function migrations() {
  return fs.readdirSync(MIGRATIONS).filter((file) => file.endsWith('.sql')).sort().map((file) => {
    const [, version, name] = /^(\d+)_(.*)\.sql$/.exec(file);
    return { version, name, sql: fs.readFileSync(new URL(file, MIGRATIONS), 'utf8') };
  });
}

/**
 * @param {{ run(sql: string): Promise<unknown>, sql(text: string, params?: unknown[]): Promise<any[]> }} database
 * @param {{ migrations?: boolean }} [options] `migrations: false` leaves the database as a hosted project begins
 */
export async function migrate(database, options = {}) {
  for (const script of ['roles.sql', 'realtime.sql']) await database.run(fs.readFileSync(new URL(script, import.meta.url), 'utf8'));
  if (options.migrations === false) return;
  await database.run(NOTES);
  const ran = new Set((await database.sql('select version from supabase_migrations.schema_migrations')).map((row) => row.version));
  for (const { version, name, sql } of migrations().filter((migration) => !ran.has(migration.version))) {
    try {
      await database.run(`${sql}; insert into supabase_migrations.schema_migrations (version, name) values ('${version}', '${name}')`);
    } catch (error) {
      throw new Error(`migration ${version}_${name}: ${error.message}`); // without its cause, which holds the whole script
    }
  }
}

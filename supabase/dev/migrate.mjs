// Brings a database up to date: first what a hosted project has, then the migrations of supabase/migrations in the order of their
// names, then the recipes that are asked for, `shared` before them. Each file runs once, as one script and so in one
// transaction. Which ones ran is noted where the Supabase CLI notes it, a recipe's file as `recipes/<recipe>/<file>`.
import fs from 'node:fs';

const MIGRATIONS = new URL('../migrations/', import.meta.url);
const RECIPES = new URL('../recipes/', import.meta.url);
const NOTES = `create schema if not exists supabase_migrations;
  create table if not exists supabase_migrations.schema_migrations (version text primary key, statements text[], name text);`;

const scripts = (folder) => fs.readdirSync(folder).filter((file) => file.endsWith('.sql')).sort();

/** The migrations, in order. */
export function migrations() {
  return scripts(MIGRATIONS).map((file) => {
    const [, version, name] = /^(\d+)_(.*)\.sql$/.exec(file);
    return { version, name, sql: fs.readFileSync(new URL(file, MIGRATIONS), 'utf8') };
  });
}

/** Names of the recipes that can be installed. `shared` is none: it comes with each of them. */
export function recipeNames() {
  return fs.readdirSync(RECIPES, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== 'shared').map(({ name }) => name).sort();
}

/** The scripts of the named recipes, in the order they are named and `shared` first. @param {string[]} names */
export function recipeScripts(names) {
  const known = recipeNames();
  const asked = names.filter((name) => name !== 'shared');
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown) throw new Error(`there is no recipe "${unknown}" in supabase/recipes; there are: ${known.join(', ')}`);
  return (names.length === 0 ? [] : ['shared', ...asked]).flatMap((recipe) => {
    const folder = new URL(`${recipe}/`, RECIPES);
    return scripts(folder).map((file) => ({ version: `recipes/${recipe}/${file}`, name: recipe, sql: fs.readFileSync(new URL(file, folder), 'utf8') }));
  });
}

/**
 * @param {{ run(sql: string): Promise<unknown>, sql(text: string, params?: unknown[]): Promise<any[]> }} database
 * @param {{ migrations?: boolean, recipes?: string[] }} [options] `migrations: false` leaves the database as a hosted project begins;
 *   `recipes` are installed after the migrations, default none
 */
export async function migrate(database, options = {}) {
  for (const script of ['roles.sql', 'realtime.sql']) await database.run(fs.readFileSync(new URL(script, import.meta.url), 'utf8'));
  if (options.migrations === false) return;
  await database.run(NOTES);
  const ran = new Set((await database.sql('select version from supabase_migrations.schema_migrations')).map((row) => row.version));
  for (const { version, name, sql } of [...migrations(), ...recipeScripts(options.recipes ?? [])].filter((script) => !ran.has(script.version))) {
    try {
      await database.run(`${sql}; insert into supabase_migrations.schema_migrations (version, name) values ('${version}', '${name}')`);
    } catch (error) {
      throw new Error(`migration ${version} (${name}): ${error.message}`); // without its cause, which holds the whole script
    }
  }
}

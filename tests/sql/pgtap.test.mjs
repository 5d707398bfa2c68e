// Runs supabase/tests/*.sql, a file per behaviour, by psql on a real PostgreSQL 15; each pgTAP assertion is a subtest.
//
// Each file has a database of its own and commits as it goes: cursors are about committed transactions, so the usual
// `begin … rollback` around a pgTAP file would show nothing. A file named <recipe>_*.sql finds that recipe installed, one named
// recipes_*.sql all of them, and both the users 1 to 9 in auth.users.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { recipeNames } from '../../supabase/dev/migrate.mjs';
import { binaries } from '../../supabase/dev/postgres.mjs';
import { testCluster } from './cluster.mjs';

const FOLDER = fileURLToPath(new URL('../../supabase/tests/', import.meta.url));
const support = fs.readFileSync(path.join(FOLDER, 'support/sync.sql'), 'utf8');
const users = 'insert into auth.users (id) select tests.uid(n) from generate_series(1, 9) n';
const cluster = await testCluster(['create extension pgtap', support, users]);

/** The recipes that a file needs, by its name. */
function recipesOf(file) {
  const all = ['shared', ...recipeNames()];
  const named = file.split('_')[0];
  return named === 'recipes' ? all : all.filter((recipe) => recipe === named);
}

/** @returns {Promise<{ output: string, trouble: string }>} */
function psql(url, file) {
  const options = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set', 'ON_ERROR_STOP=1', '--file', file, url];
  return new Promise((resolve) => {
    execFile(path.join(binaries(), 'psql'), options, { maxBuffer: 1 << 26, env: { ...process.env, PGOPTIONS: '-c client_min_messages=warning' } },
      (error, output, trouble) => resolve({ output, trouble: error ? trouble || String(error) : '' }));
  });
}

/** TAP lines -> assertions with their diagnostics. */
function assertionsOf(output) {
  const found = [];
  for (const line of output.split('\n')) {
    const head = /^(not )?ok \d+ - (.*)$/.exec(line);
    if (head) found.push({ passed: !head[1], name: head[2], why: [] });
    else if (line.startsWith('#')) found.at(-1)?.why.push(line.slice(1));
  }
  return found;
}

for (const file of fs.readdirSync(FOLDER).filter((name) => name.endsWith('.sql')).sort()) {
  test(file.replace('.sql', '').replaceAll('_', ' '), async (t) => {
    const { output, trouble } = await psql(await cluster.database(recipesOf(file)), path.join(FOLDER, file));
    const assertions = assertionsOf(output);
    for (const { name, passed, why } of assertions) {
      await t.test(name, () => assert.ok(passed, `${file}: ${name}\n${why.join('\n')}`));
    }
    assert.equal(trouble, '', `${file} stopped early: ${trouble}`);
    const planned = Number(/^1\.\.(\d+)$/m.exec(output)?.[1]);
    assert.equal(assertions.length, planned, `${file} planned ${planned} assertions and made ${assertions.length}`);
  });
}

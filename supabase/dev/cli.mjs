// Starts the dev backend: BACKEND=pglite|postgres node supabase/dev/cli.mjs --port 54321 [--data folder] [--static folder] [--recipes a,b]
//
// With BACKEND=postgres it uses DATABASE_URL, or starts a private PostgreSQL that goes away with it.
import { parseArgs } from 'node:util';
import { startPostgres } from './postgres.mjs';
import { startServer } from './server.mjs';

const { values } = parseArgs({ options: { port: { type: 'string' }, data: { type: 'string' }, static: { type: 'string' }, recipes: { type: 'string' } } });
const backend = process.env.BACKEND ?? 'pglite';
if (backend !== 'pglite' && backend !== 'postgres') {
  console.error(`BACKEND is pglite or postgres, not "${backend}"`);
  process.exit(2);
}
const cluster = backend === 'postgres' && !process.env.DATABASE_URL ? await startPostgres() : undefined;
const databaseUrl = process.env.DATABASE_URL ?? (await cluster?.newDatabase());
const server = await startServer({
  backend,
  databaseUrl,
  dataDir: values.data,
  port: Number(values.port ?? 54321),
  staticDir: values.static,
  recipes: values.recipes?.split(',') ?? [],
});
console.log(`backend   ${server.url}  (${backend})\nanon key  ${server.anonKey}`);
if (databaseUrl) console.log(`database  ${databaseUrl}`);

async function stop() {
  await server.close();
  await cluster?.stop();
  process.exit(0);
}
process.once('SIGINT', stop);
process.once('SIGTERM', stop);

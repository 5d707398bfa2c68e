// Supabase's lite server, embedded: PostgREST, GoTrue and Storage over PGlite or a real PostgreSQL.
// Handles what lite 0.10 leaves to its embedder: the order of system schema and migrations, the roles of a hosted project, sign
// endpoints' answers, error codes. Owns the database connection; whoever opens it closes it.
process.env.DO_NOT_TRACK = '1';
process.env.EXPERIMENTAL_STORAGE ??= '1'; // read by lite when it is imported

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { speakPostgrest } from './errors.mjs';
import { migrate } from './migrate.mjs';
import { MemoryStorage } from './storage.mjs';

/** That storage is experimental in lite, and that its supabase-js will want a newer Node one day, is known. */
const KNOWN_WARNING = /^EXPERIMENTAL FEATURES ENABLED|^⚠️ {2}Node\.js 20/;
const warn = console.warn;
console.warn = (...values) => {
  if (!KNOWN_WARNING.test(values[0])) warn(...values);
};
const SIGN = /\/storage\/v1\/object\/(upload\/)?sign\//;

/** Values of table rows as PostgREST writes them: lite leaves PostgreSQL's own text of times, and text for most numerics. */
const PARSERS = {
  1114: (text) => text.replace(' ', 'T'),
  1184: (text) => text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'),
  1700: (text) => (Number.isFinite(Number(text)) ? Number(text) : text),
};

/** One statement as a signed-in user, with settings of its own. */
async function runAs(query, claims, text, params, settings) {
  const all = { role: claims.role, 'request.jwt.claims': JSON.stringify(claims), ...settings };
  for (const [name, value] of Object.entries(all)) await query('select set_config($1, $2, true)', [name, value]);
  return query(text, params);
}

/** pgvector of the PGlite that lite brings: available, and installed by who wants it. */
const vectorExtension = () => createRequire(fileURLToPath(import.meta.resolve('@supabase/lite/pglite')))('@electric-sql/pglite/vector').vector;

/** PGlite: embedded, one connection. */
async function connectPglite({ dataDir }) {
  const { createPgliteConnection } = await import('@supabase/lite/pglite');
  const pgliteOptions = { parsers: PARSERS, extensions: { vector: vectorExtension() } };
  const connection = await createPgliteConnection({ url: dataDir ?? 'memory://', pgliteOptions });
  const { driver } = connection;
  return {
    connection,
    run: (script) => driver.exec(script),
    sql: async (text, params = []) => (await driver.query(text, params)).rows,
    asUser: (claims, text, params = [], settings = {}) =>
      driver.transaction((tx) => runAs(async (...statement) => (await tx.query(...statement)).rows, claims, text, params, settings)),
    listen: (channel, hear) => driver.listen(channel, hear),
  };
}

/** A PostgreSQL server: a pool of connections. */
async function connectPostgres({ databaseUrl }) {
  if (!databaseUrl) throw new Error('backend postgres needs databaseUrl');
  const { createPostgresConnection } = await import('@supabase/lite/postgres');
  const type = (from) => ({ to: from, from: [from], serialize: String, parse: PARSERS[from] });
  const types = { timestamp: type(1114), timestamptz: type(1184), numeric: type(1700) };
  const connection = await createPostgresConnection({ url: databaseUrl, postgresOptions: { onnotice: () => {}, types } });
  const { driver } = connection;
  return {
    connection,
    run: (script) => driver.unsafe(script).simple(),
    sql: async (text, params = []) => [...(await driver.unsafe(text, params))],
    asUser: (claims, text, params = [], settings = {}) => driver.begin((tx) => runAs((...statement) => tx.unsafe(...statement), claims, text, params, settings)),
    listen: async (channel, hear) => (await driver.listen(channel, hear)).unlisten,
  };
}

/** Hosted storage answers `{signedURL, url}` without the service's prefix, lite `{signedUrl}` with it. */
async function withHostedUrls(response) {
  const fix = (one) => {
    const url = (one.signedURL ?? one.signedUrl ?? one.url)?.replace(/^\/storage\/v1/, '');
    return url ? { ...one, signedURL: url, url } : one;
  };
  const body = await response.json();
  return Response.json(Array.isArray(body) ? body.map(fix) : fix(body), { headers: { 'access-control-allow-origin': '*' } });
}

/**
 * @param {{ backend: 'pglite' | 'postgres', databaseUrl?: string, dataDir?: string, migrations?: boolean, recipes?: string[],
 *   jwtExpiry: number, jwtSecret: string, anonKey: string, serviceKey: string }} options
 */
export async function openLite(options) {
  const { App } = await import('@supabase/lite');
  const database = await (options.backend === 'postgres' ? connectPostgres : connectPglite)(options);
  const { connection } = database;
  speakPostgrest(connection);
  const app = new App({
    connection,
    auth: {
      enabled: true, enable_signup: true, jwt_secret: options.jwtSecret, jwt_expiry: options.jwtExpiry,
      publishable_key: options.anonKey, secret_key: options.serviceKey, email: { enable_confirmations: false },
    },
    storage: { enabled: true, file_size_limit: '50MiB' },
  });
  app._storageAdapter = new MemoryStorage();
  await app.ensureSystemSchema();
  await migrate(database, { migrations: options.migrations, recipes: options.recipes });
  await app.init();
  return {
    sql: database.sql,
    asUser: database.asUser,
    listen: database.listen,
    /** @param {Request} request @param {string | null} peerAddress */
    async fetch(request, peerAddress) {
      const response = await app.fetch(request, { peerAddress });
      const signs = request.method === 'POST' && response.ok && SIGN.test(request.url);
      return signs ? withHostedUrls(response) : response;
    },
    close: () => connection.close(),
  };
}

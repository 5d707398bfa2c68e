// Supabase's lite server, embedded: PostgREST, GoTrue and Storage over PGlite or a real PostgreSQL.
// Handles what lite 0.10 leaves to its embedder: the order of system schema and migrations, the roles of a hosted project, sign
// endpoints' answers, error codes. Owns the database connection; whoever opens it closes it.
process.env.DO_NOT_TRACK = '1';
process.env.EXPERIMENTAL_STORAGE ??= '1'; // read by lite when it is imported

import { speakPostgrest } from './errors.mjs';
import { migrate } from './migrate.mjs';
import { MemoryStorage } from './storage.mjs';

const SIGN = /\/storage\/v1\/object\/(upload\/)?sign\//;

/** Opens the database and gives one face to both drivers. */
async function connect({ backend, databaseUrl, dataDir }) {
  if (backend === 'postgres') {
    if (!databaseUrl) throw new Error('backend postgres needs databaseUrl');
    const { createPostgresConnection } = await import('@supabase/lite/postgres');
    const connection = await createPostgresConnection({ url: databaseUrl, postgresOptions: { onnotice: () => {} } });
    return {
      connection,
      run: (sql) => connection.driver.unsafe(sql).simple(),
      sql: async (text, params = []) => [...(await connection.driver.unsafe(text, params))],
    };
  }
  const { createPgliteConnection } = await import('@supabase/lite/pglite');
  const connection = await createPgliteConnection({ url: dataDir ?? 'memory://' });
  return {
    connection,
    run: (sql) => connection.driver.exec(sql),
    sql: async (text, params = []) => (await connection.driver.query(text, params)).rows,
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
 * @param {{ backend: 'pglite' | 'postgres', databaseUrl?: string, dataDir?: string, migrations?: boolean, jwtExpiry: number,
 *   jwtSecret: string, anonKey: string, serviceKey: string }} options
 */
export async function openLite(options) {
  const { App } = await import('@supabase/lite');
  const { connection, run, sql } = await connect(options);
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
  await migrate({ run, sql }, { migrations: options.migrations });
  await app.init();
  return {
    sql,
    run,
    connection,
    /** @param {Request} request @param {string | null} peerAddress */
    async fetch(request, peerAddress) {
      const response = await app.fetch(request, { peerAddress });
      const signs = request.method === 'POST' && response.ok && SIGN.test(request.url);
      return signs ? withHostedUrls(response) : response;
    },
    close: () => connection.close(),
  };
}

// The dev and test backend on one origin, as a hosted project shows itself:
//
//   /rest/v1 /auth/v1 /storage/v1   Supabase's lite server (lite.mjs) over PGlite or PostgreSQL
//   /realtime/v1                    realtime.mjs
//   /functions/v1                   functions.mjs: Edge Functions in Deno
//   /                               a built PWA, if a folder is given
//
// For development on one machine only: it listens on the loopback interface, and its keys are public. Tests may stand in the way
// (`intercept`), lose answers whose work was done (`cutAnswer`), and play tricks on Realtime. Invariant: after close() no handle of it is open.
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { getRequestListener } from '@hono/node-server';
import { edgeFunctions } from './functions.mjs';
import { corsHeaders, refusalOf } from './gateway.mjs';
import { openLite } from './lite.mjs';
import { attachRealtime } from './realtime.mjs';
import { staticFiles } from './static.mjs';
import { resumableUploads } from './uploads.mjs';

export const KEYS = {
  anonKey: 'sb_publishable_dev',
  serviceKey: 'sb_secret_dev',
  jwtSecret: 'dev-secret-change-me-32-characters!!',
};
const FUNCTIONS = fileURLToPath(new URL('../functions', import.meta.url));
const API = /^\/(rest|auth|storage|graphql)\/v1(\/|$)/;

function answerJson(req, res, status, body) {
  res.writeHead(status, { ...corsHeaders(req), 'content-type': 'application/json; charset=utf-8' });
  res.end(JSON.stringify(body));
}

/** Lets the handler do its work, and drops the connection where it would have answered. */
function loseAnswer(req, res) {
  res.writeHead = () => res;
  res.write = () => true;
  res.end = () => {
    req.socket.destroy();
    return res;
  };
}

/**
 * @typedef {object} ServerOptions
 * @property {'pglite' | 'postgres'} [backend] default `pglite`
 * @property {string} [databaseUrl] for `postgres`
 * @property {string} [dataDir] folder that PGlite keeps its data in; in memory without one
 * @property {number} [port] default: a free one
 * @property {boolean} [migrations] false: as a new project, nothing of ours installed
 * @property {string[]} [recipes] folders of supabase/recipes that are installed after the migrations, `shared` before them; default none
 * @property {number} [jwtExpiry] seconds that an access token lives, default 3600
 * @property {string} [staticDir] folder of a built PWA, served at /
 * @property {string} [functionsDir] folder of the Edge Functions, default supabase/functions
 * @property {(req: http.IncomingMessage, res: http.ServerResponse) => boolean | Promise<boolean>} [intercept] true: it has answered
 * @property {(req: http.IncomingMessage) => boolean} [cutAnswer] true: the request is carried out, its answer is lost
 * @property {(req: http.IncomingMessage) => boolean} [admits] false: Realtime is out of this client's reach
 * @property {(message: import('./phoenix.mjs').Message) => boolean} [passes] false: this message of Realtime's is lost
 */

/**
 * Starts the backend.
 * @param {ServerOptions} [options]
 * @returns {Promise<{ url: string, anonKey: string, serviceKey: string, jwtSecret: string,
 *   sql(text: string, params?: unknown[]): Promise<any[]>, realtime: { sockets(): any[], drop(whose?: (agent: string) => boolean): void,
 *   say(event: string, payload: any): void }, close(): Promise<void> }>}
 */
export async function startServer(options = {}) {
  const { port = 0, jwtExpiry = 3600, staticDir, functionsDir = FUNCTIONS, intercept, cutAnswer, admits, passes } = options;
  const lite = await openLite({ backend: 'pglite', ...options, ...KEYS, jwtExpiry });
  const listener = getRequestListener((request, env) => lite.fetch(request, env.incoming.socket.remoteAddress ?? null));
  let origin = '';
  const upload = resumableUploads(() => origin);
  const functions = edgeFunctions({
    folder: functionsDir,
    variables: () => ({ SUPABASE_URL: origin, SUPABASE_ANON_KEY: KEYS.anonKey, SUPABASE_SERVICE_ROLE_KEY: KEYS.serviceKey }),
  });
  const serveFile = staticDir ? staticFiles(staticDir) : () => false;

  async function route(req, res) {
    if (intercept && (await intercept(req, res))) return;
    const url = new URL(req.url, origin);
    if (req.method === 'OPTIONS') { // lite answers 404 for functions of the database
      res.writeHead(204, corsHeaders(req));
      res.end();
      return;
    }
    const refusal = refusalOf(req, url, KEYS);
    if (refusal) return answerJson(req, res, 401, refusal);
    if (cutAnswer?.(req)) loseAnswer(req, res);
    if (url.pathname.startsWith('/storage/v1/upload/resumable')) return upload(req, res);
    if (API.test(url.pathname)) {
      // lite lets no other origin read its answers.
      for (const [name, value] of Object.entries(corsHeaders(req))) res.setHeader(name, value);
      return listener(req, res);
    }
    if (url.pathname.startsWith('/functions/v1/')) return functions.forward(req, res);
    if (!serveFile(req, res, url)) answerJson(req, res, 404, { message: 'no Route matched with those values' });
  }

  const working = new Set(); // requests that are being answered: a pool that is closed under one waits for ever
  const server = http.createServer((req, res) => {
    const work = route(req, res).catch((error) => {
      console.error(error);
      if (!res.headersSent) answerJson(req, res, 500, { message: error.message });
    }).finally(() => working.delete(work));
    working.add(work);
  });
  const realtime = await attachRealtime(server, { lite, admits, passes, ...KEYS });
  try {
    await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  } catch (error) { // the port is taken
    await realtime.close();
    await lite.close();
    throw error;
  }
  origin = `http://127.0.0.1:${server.address().port}`;

  return {
    url: origin,
    ...KEYS,
    sql: lite.sql,
    realtime,
    async close() {
      await realtime.close();
      await functions.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all(working);
      await lite.close();
    },
  };
}

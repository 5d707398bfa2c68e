// Edge Functions of the dev backend: one Deno process (functions_main.ts) behind /functions/v1, started with the first request and
// only if the folder holds a function at all. It gets the same variables as on hosted Supabase. Invariant: close() ends the process.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { corsHeaders } from './gateway.mjs';

const PREFIX = '/functions/v1';
const START_TIMEOUT_MS = 60_000;

/** The deno of the npm package: its own launcher, run by this node. */
const deno = () => createRequire(import.meta.url).resolve('deno/bin.cjs');

function answerJson(req, res, status, body) {
  res.writeHead(status, { ...corsHeaders(req), 'content-type': 'application/json' });
  res.end(JSON.stringify(body));
}

/** Starts Deno and waits for its port. @returns {Promise<{ port: number, stop(): Promise<void> }>} */
function startDeno(folder, variables) {
  const main = fileURLToPath(new URL('functions_main.ts', import.meta.url));
  const child = spawn(process.execPath, [deno(), 'run', '--allow-all', '--quiet', '--no-lock', main], {
    env: { ...process.env, ...variables, FUNCTIONS_DIR: folder, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'inherit'], detached: true,
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const kill = () => {
    try {
      process.kill(-child.pid, 'SIGTERM'); // the launcher and Deno: a process group of their own
    } catch { /* it has ended */ }
  };
  process.once('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    kill();
    await ended;
  };
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => stop().then(() => reject(new Error('Deno did not start in time'))), START_TIMEOUT_MS);
    child.once('error', reject);
    ended.then((code) => reject(new Error(`Deno ended with ${code}`)));
    child.stdout.on('data', (text) => {
      const port = /functions on port (\d+)/.exec(String(text))?.[1];
      if (!port) return process.stdout.write(text);
      clearTimeout(late);
      resolve({ port: Number(port), stop });
    });
  });
}

/**
 * @param {{ folder: string, variables: () => Record<string, string> }} options `variables` is asked when Deno starts
 */
export function edgeFunctions({ folder, variables }) {
  const any = fs.existsSync(folder) && fs.readdirSync(folder).some((name) => fs.existsSync(path.join(folder, name, 'index.ts')));
  /** @type {ReturnType<typeof startDeno> | undefined} */
  let running;

  async function forward(req, res) {
    if (!any) return answerJson(req, res, 404, { code: 'NOT_FOUND', message: 'Requested function was not found' });
    running ??= startDeno(folder, variables());
    const { port } = await running;
    const options = { host: '127.0.0.1', port, path: req.url.slice(PREFIX.length), method: req.method, headers: { ...req.headers, host: `127.0.0.1:${port}` } };
    const onward = http.request(options, (answer) => {
      res.writeHead(answer.statusCode, { ...corsHeaders(req), ...answer.headers });
      answer.pipe(res);
    });
    onward.on('error', (error) => {
      if (!res.headersSent) answerJson(req, res, 503, { code: 'BOOT_ERROR', message: error.message });
    });
    req.pipe(onward);
  }

  return {
    forward,
    close: async () => (await running?.catch(() => undefined))?.stop(),
  };
}

// A private PostgreSQL 15 for tests: a cluster in a temporary folder, on a free loopback port, gone when stopped.
//
// Made as Supabase makes its own (ICU, en-US), but without fsync: it never outlives the tests. initdb runs once a machine; its
// result is kept in the system's temporary folder and copied. As root the server runs as user `postgres`, because PostgreSQL
// refuses to run as root. Invariant: stop() leaves neither process nor folder behind.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';

const START_TIMEOUT_MS = 30_000;
const INITDB = ['--locale-provider=icu', '--icu-locale=en-US', '--encoding=UTF8', '--username=postgres', '--auth=trust', '--no-sync'];
const SETTINGS = {
  fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: 200, shared_buffers: '64MB',
  wal_level: 'logical', listen_addresses: '127.0.0.1', unix_socket_directories: '', log_min_messages: 'fatal', timezone: 'UTC',
};

/** Where the server's binaries are. @returns {string} */
export function binaries() {
  const folders = [process.env.PG_BIN, '/usr/lib/postgresql/15/bin', '/opt/homebrew/opt/postgresql@15/bin', '/usr/local/opt/postgresql@15/bin'];
  const found = folders.find((folder) => folder && fs.existsSync(path.join(folder, 'initdb')));
  if (!found) throw new Error('PostgreSQL 15 is not installed: run `make setup`, or name its folder of binaries in PG_BIN');
  return found;
}

/** The user the server runs as, if it is not us. @returns {{ uid: number, gid: number } | undefined} */
function serverUser() {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** A port nobody listens on. @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** The folder of a fresh cluster that is never started, made once and then copied. */
function template(bin, user) {
  const kept = path.join(os.tmpdir(), `thermocline-pg15-${user?.uid ?? process.getuid?.() ?? 0}`);
  if (fs.existsSync(path.join(kept, 'PG_VERSION'))) return kept;
  const made = fs.mkdtempSync(`${kept}-`);
  if (user) fs.chownSync(made, user.uid, user.gid);
  const surroundings = { ...user, cwd: made, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, LC_ALL: 'C.UTF-8' } };
  execFileSync(path.join(bin, 'initdb'), [...INITDB, '-D', made], surroundings);
  try {
    fs.renameSync(made, kept);
  } catch {
    fs.rmSync(made, { recursive: true, force: true }); // another process was faster
  }
  return kept;
}

/** Waits until the server answers. */
async function untilReady(url, server) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (server.exitCode !== null || Date.now() > deadline) throw new Error(`PostgreSQL did not start: ${error.message}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Runs a server on a folder. @returns {Promise<{ port: number, address(database: string): string, stop(): Promise<void> }>} */
async function launch(folder, user) {
  const port = await freePort();
  if (user) fs.chownSync(folder, user.uid, user.gid);
  fs.chmodSync(folder, 0o700);
  const settings = Object.entries({ ...SETTINGS, port }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(path.join(binaries(), 'postgres'), ['-D', folder, ...settings], { ...user, cwd: folder, stdio: 'ignore' });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const kill = () => server.kill('SIGQUIT');
  process.once('exit', kill);
  const address = (database) => `postgres://postgres@127.0.0.1:${port}/${database}`;
  await untilReady(address('postgres'), server);
  return {
    port,
    address,
    async stop() {
      process.off('exit', kill);
      server.kill('SIGINT'); // fast shutdown
      await ended;
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

const newFolder = () => fs.mkdtempSync(path.join(os.tmpdir(), 'thermocline-pg-'));

/**
 * Starts a private cluster.
 * @returns {Promise<{ port: number, url: string, newDatabase(from?: string): Promise<string>,
 *   replica(): Promise<{ urlOf(database: string): string, stop(): Promise<void> }>, stop(): Promise<void> }>}
 *   `newDatabase` makes an empty database (or a copy of another one) and gives its address; `replica` starts a read replica.
 */
export async function startPostgres() {
  const user = serverUser();
  const folder = newFolder();
  execFileSync('cp', ['-a', `${template(binaries(), user)}/.`, folder]);
  const primary = await launch(folder, user);
  const nameOf = (url) => url.split('/').at(-1);
  let made = 0;
  return {
    port: primary.port,
    url: primary.address('postgres'),
    async newDatabase(from = 'template1') {
      const name = `t${++made}`;
      const client = new pg.Client({ connectionString: primary.address('postgres') });
      await client.connect();
      await client.query(`create database ${name} template ${nameOf(from)}`);
      await client.end();
      return primary.address(name);
    },
    async replica() {
      const copy = newFolder();
      if (user) fs.chownSync(copy, user.uid, user.gid);
      const source = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'postgres'];
      execFileSync(path.join(binaries(), 'pg_basebackup'), [...source, '-D', copy, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'], { ...user, cwd: copy });
      const { address, stop } = await launch(copy, user);
      return { urlOf: (url) => address(nameOf(url)), stop };
    },
    stop: primary.stop,
  };
}

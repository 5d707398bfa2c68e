// The dev server as a project shows itself to the unmodified supabase-js, over PGlite and over PostgreSQL: the same bytes, the same
// statuses. (Everything with concurrency is tested on PostgreSQL alone: PGlite has one connection and cannot show a race.)
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { createClient } from '@supabase/supabase-js';
import WebSocket from 'ws';
import { startPostgres } from '../../supabase/dev/postgres.mjs';
import { startServer } from '../../supabase/dev/server.mjs';
import { group, insert, update, uuid7 } from './client.mjs';

let users = 0;
/** A signed-in supabase-js client. */
async function signUp(server) {
  const supabase = createClient(server.url, server.anonKey, { realtime: { transport: WebSocket }, auth: { persistSession: false, autoRefreshToken: false } });
  const { data, error } = await supabase.auth.signUp({ email: `user${++users}@example.com`, password: 'correct horse' });
  assert.equal(error, null);
  return { supabase, user: data.user.id, token: data.session.access_token };
}
const nobody = (server) => createClient(server.url, server.anonKey, { realtime: { transport: WebSocket }, auth: { persistSession: false } });
const pull = (cursor = null) => ({ v: 1, client: 'c', tables: { entries: { cursor, since: null } }, round: null, max_rows: 1000, own_xids: [] });
const push = (user, ...mutations) => ({ v: 1, client: 'c', batch: group(mutations, user) });

for (const backend of ['pglite', 'postgres']) {
  describe(backend, async () => {
    const cluster = backend === 'postgres' ? await startPostgres() : undefined;
    let cut = () => false;
    const server = await startServer({ backend, databaseUrl: await cluster?.newDatabase(), cutAnswer: (req) => cut(req) });
    after(async () => {
      await server.close();
      await cluster?.stop();
    });

    test('a row pushed by one device is pulled by another, value for value', async () => {
      const { supabase, user } = await signUp(server);
      const made = insert('entries', {
        title: 'Grüße 👋 "quoted" \\ \u0001', amount: '1234567890.10', mood: 3, tags: ['a', 'ä'], meta: { z: [1, null, { deep: true }] }, happened_on: '2026-02-28', pinned: true, slug: 's',
      });
      const pushed = await supabase.rpc('thermocline_push', push(user, made));
      assert.equal(pushed.status, 200);
      assert.deepEqual(pushed.data.groups.map((answers) => answers.map(([outcome]) => outcome)), [['applied']]);
      const { data } = await supabase.rpc('thermocline_pull', pull());
      assert.equal(data.status, 'ok');
      assert.equal(data.more, false);
      assert.equal(data.round, null);
      const [[rev, row]] = data.pages[0].rows;
      assert.equal(rev, pushed.data.groups[0][0][1]);
      assert.equal(typeof rev, 'string', 'a revision exceeds what a number can hold');
      const { title, mood, tags, meta, happened_on, pinned } = made.row;
      assert.deepEqual({ title: row.title, mood: row.mood, tags: row.tags, meta: row.meta, happened_on: row.happened_on, pinned: row.pinned }, { title, mood, tags, meta, happened_on, pinned });
      assert.equal(row.amount, 1234567890.1);
      assert.match(row.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/);
      assert.deepEqual(Object.keys(row).filter((name) => name.startsWith('_')), []);
      const direct = await supabase.from('entries').select('*').single();
      const { _rev, _at, ...shown } = direct.data;
      assert.deepEqual(shown, row, 'a row pulled is the row that PostgREST shows');
      const delta = await supabase.rpc('thermocline_pull', pull(data.cursor));
      assert.deepEqual(delta.data.pages, []);
    });

    test('the audit\'s hashes are those of the rows that were pulled', async () => {
      const { supabase, user } = await signUp(server);
      await supabase.rpc('thermocline_push', push(user, ...Array.from({ length: 40 }, (_, n) => insert('entries', { title: `t${n}` }))));
      const { data: pulled } = await supabase.rpc('thermocline_pull', pull());
      const md5 = (text) => createHash('md5').update(text).digest();
      const expected = new Map();
      for (const [rev, { id }] of pulled.pages[0].rows) {
        const key = JSON.stringify([id]);
        const bucket = md5(key)[0];
        const [count, sum] = expected.get(bucket) ?? [0, 0n];
        expected.set(bucket, [count + 1, sum + BigInt(md5(key + rev).readUIntBE(0, 6))]);
      }
      const { data } = await supabase.rpc('thermocline_audit', { v: 1, client: 'c', tables: { entries: { cursor: pulled.cursor, since: null } } });
      const buckets = [...expected].sort(([a], [b]) => a - b);
      assert.deepEqual(data, { status: 'ok', tables: { entries: buckets.map(([bucket, [count, sum]]) => [bucket, count, String(sum), false]) } });
      const asked = { v: 1, client: 'c', t: 'entries', since: null, buckets: buckets.map(([bucket]) => bucket) };
      const { data: rows } = await supabase.rpc('thermocline_bucket', asked);
      assert.deepEqual(rows.answered, asked.buckets);
      const inOrder = (some) => some.toSorted(([a], [b]) => Number(BigInt(a) - BigInt(b)));
      assert.deepEqual(inOrder(rows.rows), inOrder(pulled.pages[0].rows));
    });

    test('definitions are read before sign-in, rows are not', async () => {
      const anon = nobody(server);
      const { data } = await anon.rpc('thermocline_schema', { v: 1, tables: ['entries', 'nope'] });
      assert.equal(data.tables.entries.key[0], 'id');
      assert.deepEqual(data.unknown, ['nope']);
      assert.equal((await anon.rpc('thermocline_pull', pull())).status, 401);
      assert.equal((await anon.rpc('thermocline_push', push(uuid7()))).status, 401);
    });

    test('a wrong key, a foreign token and no key are 401, as on hosted Supabase', async () => {
      const ask = (headers) => fetch(`${server.url}/rest/v1/entries`, { headers });
      assert.equal((await ask({})).status, 401);
      assert.equal((await ask({ apikey: 'wrong' })).status, 401);
      assert.equal((await ask({ apikey: server.anonKey, authorization: 'Bearer not.a.token' })).status, 401);
      const { supabase } = await signUp(server);
      assert.equal((await supabase.from('entries').select()).status, 200);
    });

    test('database errors have PostgREST\'s statuses and SQLSTATEs', async () => {
      const { supabase } = await signUp(server);
      const { status, error } = await supabase.from('entries').insert({ title: 'x', mood: 9 });
      assert.deepEqual([status, error.code], [400, '23514']);
      const bad = await supabase.rpc('thermocline_pull', pull('no cursor'));
      assert.deepEqual([bad.status, bad.error.code], [400, 'PT400']);
      const missing = await supabase.rpc('thermocline_nothing', {});
      assert.deepEqual([missing.status, missing.error.code], [404, 'PGRST202']);
    });

    test('a push whose answer is cut off was carried out, and its repeat is a duplicate', async () => {
      const { supabase, user } = await signUp(server);
      const request = push(user, insert('entries', { title: 'x' }));
      cut = (req) => req.url.includes('thermocline_push');
      const lost = await supabase.rpc('thermocline_push', request);
      cut = () => false;
      assert.ok(lost.error, 'the answer never came');
      const again = await supabase.rpc('thermocline_push', request);
      assert.deepEqual(again.data.groups[0][0].slice(0, 1).concat(again.data.groups[0][0][3]), ['applied', 'duplicate']);
      assert.equal((await supabase.from('entries').select('id')).data.length, 1);
    });

    test('a push rings the user\'s own topic, which nobody else may join', async () => {
      const mine = await signUp(server);
      const other = await signUp(server);
      const topic = `thermocline:${mine.user}`;
      const listen = async ({ supabase, token }) => {
        await supabase.realtime.setAuth(token);
        const heard = [];
        const status = await new Promise((resolve) => {
          supabase.channel(topic, { config: { private: true } }).on('broadcast', { event: 'changed' }, ({ payload }) => heard.push(payload)).subscribe(resolve);
        });
        return { status, heard };
      };
      const a = await listen(mine);
      const b = await listen(other);
      assert.deepEqual([a.status, b.status], ['SUBSCRIBED', 'CHANNEL_ERROR']);
      const made = insert('entries', { title: 'x' });
      const { data } = await mine.supabase.rpc('thermocline_push', push(mine.user, made));
      await mine.supabase.rpc('thermocline_push', push(mine.user, update('entries', made.row.id, { title: 'y' }, { base: data.groups[0][0][1] })));
      for (let wait = 0; a.heard.length < 2 && wait < 200; wait += 1) await new Promise((resolve) => setTimeout(resolve, 10));
      assert.equal(a.heard[0]?.xid, data.xid);
      assert.deepEqual(b.heard, []);
      for (const { supabase } of [mine, other]) await supabase.realtime.disconnect();
    });

    test('objects are uploaded whole and in pieces', async () => {
      const admin = createClient(server.url, server.serviceKey, { realtime: { transport: WebSocket }, auth: { persistSession: false } });
      await admin.storage.createBucket('public-files', { public: true });
      const { error } = await admin.storage.from('public-files').upload('a.txt', 'hello', { contentType: 'text/plain' });
      assert.equal(error, null);
      const meta = Object.entries({ bucketName: 'public-files', objectName: 'b.txt', contentType: 'text/plain' })
        .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`).join(',');
      const headers = { authorization: `Bearer ${server.serviceKey}`, apikey: server.serviceKey, 'tus-resumable': '1.0.0' };
      const created = await fetch(`${server.url}/storage/v1/upload/resumable`, { method: 'POST', headers: { ...headers, 'upload-length': '6', 'upload-metadata': meta } });
      assert.equal(created.status, 201);
      for (const [offset, body] of [['0', 'abc'], ['3', 'def']]) {
        const patched = await fetch(created.headers.get('location'), { method: 'PATCH', headers: { ...headers, 'upload-offset': offset }, body });
        assert.equal(patched.status, 204);
      }
      for (const [name, text] of [['a.txt', 'hello'], ['b.txt', 'abcdef']]) {
        assert.equal(await (await fetch(`${server.url}/storage/v1/object/public/public-files/${name}`)).text(), text);
      }
    });
  });
}

test('a server without our migrations answers 404, which tells a client what is missing', async (t) => {
  const server = await startServer({ migrations: false });
  t.after(() => server.close());
  const { supabase } = await signUp(server);
  const { status, error } = await supabase.rpc('thermocline_pull', pull());
  assert.deepEqual([status, error.code], [404, 'PGRST202']);
});

test('a built app is served from the same origin, and its data survives a restart', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'thermocline-app-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const files = { 'index.html': '<!doctype html>', 'sw.js': '//', 'assets/engine-abcdef12.wasm': '', 'assets/app-abcdef12.js': '' };
  fs.mkdirSync(path.join(folder, 'assets'));
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text);
  const dataDir = path.join(folder, 'db');
  let running = await startServer({ staticDir: folder, dataDir });
  t.after(() => running.close());
  const started = running;
  const head = async (url) => {
    const { status, headers } = await fetch(started.url + url);
    return [status, headers.get('content-type')?.split(';')[0], headers.get('cache-control')?.split(',')[0]];
  };
  assert.deepEqual(await head('/'), [200, 'text/html', 'no-cache']);
  assert.deepEqual(await head('/a/route'), [200, 'text/html', 'no-cache']);
  assert.deepEqual(await head('/sw.js'), [200, 'text/javascript', 'no-cache']);
  assert.deepEqual(await head('/assets/engine-abcdef12.wasm'), [200, 'application/wasm', 'public']);
  assert.equal((await head('/missing.js'))[0], 404);
  assert.doesNotMatch(await (await fetch(`${started.url}/..%2f..%2fetc/passwd`)).text(), /daemon/);
  const { supabase, user } = await signUp(started);
  await supabase.rpc('thermocline_push', push(user, insert('entries', { title: 'kept' })));
  await started.close();
  running = await startServer({ dataDir });
  assert.deepEqual(await running.sql('select title from entries'), [{ title: 'kept' }]);
});

test('an Edge Function gets the caller\'s token and the project\'s address', async (t) => {
  const functionsDir = fs.mkdtempSync(path.join(os.tmpdir(), 'thermocline-functions-'));
  t.after(() => fs.rmSync(functionsDir, { recursive: true, force: true }));
  fs.mkdirSync(path.join(functionsDir, 'echo'));
  fs.writeFileSync(path.join(functionsDir, 'echo', 'index.ts'), `Deno.serve(async (request: Request) => Response.json({
    said: (await request.json()).word, url: Deno.env.get('SUPABASE_URL'), authorization: request.headers.get('authorization') }));`);
  const server = await startServer({ functionsDir });
  t.after(() => server.close());
  const { supabase, token } = await signUp(server);
  const { data, error } = await supabase.functions.invoke('echo', { body: { word: 'hello' } });
  assert.equal(error, null);
  assert.deepEqual(data, { said: 'hello', url: server.url, authorization: `Bearer ${token}` });
  assert.equal((await supabase.functions.invoke('nothing', { body: {} })).error.context.status, 404);
});

// RECIPES 9, 5.10 (13): a person empties a recipe, and deletes their account, through the API, as a hosted project would let them.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { createClient } from '@supabase/supabase-js';
import WebSocket from 'ws';
import { startPostgres } from '../../supabase/dev/postgres.mjs';
import { startServer } from '../../supabase/dev/server.mjs';
import { group, insert } from './client.mjs';

let users = 0;
const password = 'correct horse';

async function signUp(server) {
  const supabase = createClient(server.url, server.anonKey, { realtime: { transport: WebSocket }, auth: { persistSession: false, autoRefreshToken: false } });
  const email = `user${++users}@example.com`;
  const { data, error } = await supabase.auth.signUp({ email, password });
  assert.equal(error, null);
  return { supabase, email, user: data.user.id };
}

const snapshot = (n) => insert('context_snapshots', { recorded_at: `2026-03-10T07:0${n}:00Z`, focus_level: 4, energy_level: 5, mood_state: 'calm', activity_pattern: 'rest', context_hash: String(n).padStart(32, '0') });
const push = ({ supabase, user }, ...mutations) => supabase.rpc('thermocline_push', { v: 1, client: 'c', batch: group(mutations, user) });

for (const backend of ['pglite', 'postgres']) {
  describe(backend, async () => {
    const cluster = backend === 'postgres' ? await startPostgres() : undefined;
    const server = await startServer({ backend, databaseUrl: await cluster?.newDatabase(), recipes: ['context'] });
    after(async () => {
      await server.close();
      await cluster?.stop();
    });
    const rowsOf = async (user) => (await server.sql('select (select count(*) from public.context_snapshots where user_id = $1)::int as snapshots, (select count(*) from public.entries where user_id = $1)::int as entries', [user]))[0];

    test('delete_my_rows empties a recipe of the caller\'s rows, and no other table', async () => {
      const [me, other] = [await signUp(server), await signUp(server)];
      for (const person of [me, other]) await push(person, snapshot(1), snapshot(2), insert('entries', { title: 'stays' }));
      const { data, error } = await me.supabase.rpc('delete_my_rows', { recipe: 'context' });
      assert.equal(error, null);
      assert.deepEqual(data, { context_snapshots: 2, daily_insights: 0 });
      assert.deepEqual({ ...await rowsOf(me.user) }, { snapshots: 0, entries: 1 });
      assert.deepEqual({ ...await rowsOf(other.user) }, { snapshots: 2, entries: 1 });
      assert.notEqual((await me.supabase.rpc('delete_my_rows', { recipe: 'nope' })).error, null);
    });

    test('delete_my_account waits for the stored objects to go, then leaves nothing', async () => {
      const [me, other] = [await signUp(server), await signUp(server)];
      for (const person of [me, other]) await push(person, snapshot(1), insert('entries', { title: 'private' }));
      const object = [`users/${me.user}/a.txt`, `users/${other.user}/a.txt`];
      await server.sql(`insert into storage.buckets (id, name) values ('captures', 'captures') on conflict do nothing`);
      for (const name of object) await server.sql(`insert into storage.objects (id, bucket_id, name) values (gen_random_uuid(), 'captures', $1)`, [name]);
      const refused = await me.supabase.rpc('delete_my_account');
      assert.match(refused.error.message, /1 stored objects are left/);
      assert.deepEqual({ ...await rowsOf(me.user) }, { snapshots: 1, entries: 1 });

      await server.sql('delete from storage.objects where name = $1', [object[0]]);
      assert.equal((await me.supabase.rpc('delete_my_account')).error, null);
      assert.deepEqual({ ...await rowsOf(me.user) }, { snapshots: 0, entries: 0 });
      assert.deepEqual({ ...await rowsOf(other.user) }, { snapshots: 1, entries: 1 });
      const [{ text }] = await server.sql(`select coalesce(string_agg(a::text, ''), '') || (select count(*) from auth.users where id = $1) as text from thermocline.answers a where owner = $1`, [me.user]);
      assert.equal(text, '0');
      assert.notEqual((await me.supabase.auth.signInWithPassword({ email: me.email, password })).error, null);
      // The token is still alive for a while, but there is nobody to own a row.
      const { data, error } = await push(me, snapshot(3));
      assert.ok(error ?? data.groups[0][0][2].error.code === '23503');
      assert.deepEqual({ ...await rowsOf(me.user) }, { snapshots: 0, entries: 0 });
    });
  });
}

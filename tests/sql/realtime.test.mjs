// The dev server's Realtime as the doorbell relies on it, seen by the unmodified official client: who may join, what a token's end does,
// what row-level security lets through, and the ways in which tests disturb it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createClient } from '@supabase/supabase-js';
import WebSocket from 'ws';
import { startServer } from '../../supabase/dev/server.mjs';
import { group, insert } from './client.mjs';

const TOKEN_LIFE_S = 3;
let passes = () => true;
const server = await startServer({ jwtExpiry: TOKEN_LIFE_S, passes: (message) => passes(message) });
const clients = [];
after(async () => {
  for (const client of clients) {
    await client.removeAllChannels();
    await client.realtime.disconnect();
  }
  await server.close();
});

async function until(what, probe) {
  for (let wait = 0; wait < 1000; wait += 1) {
    if (probe()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`still not so: ${what}`);
}

/** Someone new, with the official client. */
async function signUp(email) {
  const supabase = createClient(server.url, server.anonKey, { realtime: { transport: WebSocket }, auth: { persistSession: false, autoRefreshToken: false } });
  clients.push(supabase);
  const { data, error } = await supabase.auth.signUp({ email, password: 'correct horse' });
  assert.equal(error, null);
  return { supabase, user: data.user.id, session: data.session };
}

/** Joins the private topic of `user`; what is heard, and what became of the channel. */
async function listen({ supabase, session }, user) {
  await supabase.realtime.setAuth(session.access_token);
  const seen = { heard: [], rows: [], states: [], system: [] };
  supabase.channel(`thermocline:${user}`, { config: { private: true } })
    .on('broadcast', { event: 'changed' }, ({ payload }) => seen.heard.push(payload))
    .on('postgres_changes', { event: '*', schema: 'public', table: 'entries' }, (change) => seen.rows.push(change))
    .on('system', {}, (told) => seen.system.push(told.message))
    .subscribe((state) => seen.states.push(state));
  await until('it is known whether the channel was joined', () => seen.states.length > 0);
  return seen;
}

const write = ({ supabase, user }, title) =>
  supabase.rpc('thermocline_push', { v: 1, client: 'c', batch: group([insert('entries', { title })], user) });

test("one private channel rings for its user's pushes and rows, and for nobody else's", async () => {
  const [mine, other] = [await signUp('a@example.com'), await signUp('b@example.com')];
  const [here, there] = [await listen(mine, mine.user), await listen(other, mine.user)];
  assert.deepEqual([here.states[0], there.states[0]], ['SUBSCRIBED', 'CHANNEL_ERROR'], 'a topic is its owner\'s');
  await until('the database is listened to', () => here.system.includes('Subscribed to PostgreSQL'));
  const { data } = await write(mine, 'mine');
  await write(other, 'not mine');
  await until('both ways ring', () => here.heard.length > 0 && here.rows.length > 0);
  assert.equal(here.heard[0].xid, data.xid);
  assert.equal(String(BigInt(here.rows[0].new._rev) >> 22n), data.xid, 'a row tells its transaction');
  assert.deepEqual(here.rows.map(({ new: { title } }) => title), ['mine']);
  assert.deepEqual(there.heard, []);
});

test('a channel ends with its token, and lives on with a newer one', async () => {
  const [ends, lives] = [await signUp('c@example.com'), await signUp('d@example.com')];
  const [ending, living] = [await listen(ends, ends.user), await listen(lives, lives.user)];
  const { data } = await lives.supabase.auth.refreshSession();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const { data: newer } = await lives.supabase.auth.refreshSession({ refresh_token: data.session.refresh_token });
  await lives.supabase.realtime.setAuth(newer.session.access_token);
  await until('the channel has ended', () => ending.states.includes('CLOSED'));
  assert.ok(ending.system.some((message) => /expired/.test(message)), ending.system.join());
  assert.deepEqual(living.states, ['SUBSCRIBED']);
});

test('sockets can be broken, messages lost, and untruths told', async () => {
  const someone = await signUp('e@example.com');
  const seen = await listen(someone, someone.user);
  passes = ({ event }) => event !== 'broadcast';
  server.realtime.say('broadcast', { type: 'broadcast', event: 'changed', payload: { xid: 'lost' } });
  passes = () => true;
  server.realtime.say('broadcast', { type: 'broadcast', event: 'changed', payload: { xid: 'untrue' } });
  await until('it was told', () => seen.heard.length > 0);
  assert.deepEqual(seen.heard, [{ xid: 'untrue' }]);
  const named = () => server.realtime.sockets().flatMap(({ channels }) => channels.map(({ name }) => name));
  assert.ok(named().includes(`thermocline:${someone.user}`));
  server.realtime.drop();
  await until('the channel is in error', () => seen.states.includes('CHANNEL_ERROR') || seen.states.includes('CLOSED'));
});

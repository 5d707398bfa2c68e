// RECIPES C14: the job that writes daily insights beside writers whose transactions take their time: what it does not see yet is
// worked out by its next run, nobody waits for anybody, and two jobs at once do no harm.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { connect, testCluster } from './cluster.mjs';

const cluster = await testCluster();
const insert = (client, user, hour, focus = 5) => client.query(`insert into public.context_snapshots (user_id, recorded_at, focus_level, energy_level, mood_state, activity_pattern, context_hash)
  values ($1, '2026-03-10'::timestamptz + $2 * interval '1 hour', $3, 5, 'calm', 'rest', lpad($2::text, 32, '0'))`, [user, hour, focus]);
const totals = async (client, user) => (await client.query('select total_contexts as n from public.daily_insights where user_id = $1', [user])).rows.map(({ n }) => n);
const job = async (client) => Number((await client.query('select public.generate_daily_insights() as n')).rows[0].n);

/** Connections to a database of their own, none of which waits longer than a second. */
async function clients(t, count) {
  const url = await cluster.database(['context']);
  const made = await Promise.all(Array.from({ length: count }, () => connect(url)));
  t.after(() => Promise.all(made.map((client) => client.end())));
  for (const client of made) await client.query(`set lock_timeout = '1s'; set statement_timeout = '20s'`);
  const user = randomUUID();
  await made[0].query('insert into auth.users (id) values ($1)', [user]);
  return [user, ...made];
}

test('what commits after the job has looked is worked out by its next run', async (t) => {
  const [user, worker, late, early] = await clients(t, 3);
  await insert(early, user, 8);
  await late.query('begin');
  await insert(late, user, 9);
  assert.equal(await job(worker), 1);
  assert.deepEqual(await totals(worker, user), [1]);
  await late.query('commit');
  assert.equal(await job(worker), 1);
  assert.deepEqual(await totals(worker, user), [2]);
  assert.equal(await job(worker), 0);
});

test('a writer does not wait for a job that is under way, nor is its day lost', async (t) => {
  const [user, worker, writer] = await clients(t, 2);
  await insert(writer, user, 8);
  await worker.query('begin');
  await job(worker);
  await insert(writer, user, 9); // would be refused by lock_timeout
  await worker.query('commit');
  assert.deepEqual(await totals(worker, user), [1]);
  assert.equal(await job(worker), 1);
  assert.deepEqual(await totals(worker, user), [2]);
});

test('writers of one day do not wait for each other', async (t) => {
  const [user, worker, one, other] = await clients(t, 3);
  await one.query('begin');
  await insert(one, user, 8);
  await insert(other, user, 9);
  await one.query('commit');
  await job(worker);
  assert.deepEqual(await totals(worker, user), [2]);
});

test('of two jobs at once one leaves the work to the other', async (t) => {
  const [user, one, other] = await clients(t, 2);
  await insert(one, user, 8);
  await one.query('begin');
  assert.equal(await job(one), 1);
  assert.equal(await job(other), 0);
  await one.query('commit');
  assert.deepEqual(await totals(other, user), [1]);
});

test('an account that is deleted while the job runs leaves nothing and stops nobody', async (t) => {
  const [user, worker, leaving] = await clients(t, 2);
  const stays = randomUUID();
  await worker.query('insert into auth.users (id) values ($1)', [stays]);
  await insert(worker, user, 8);
  await insert(worker, stays, 8);
  await leaving.query('begin');
  await leaving.query('delete from auth.users where id = $1', [user]);
  await worker.query('set lock_timeout = 0');
  const working = job(worker);
  await leaving.query('commit');
  assert.ok((await working) >= 1);
  assert.deepEqual([await totals(worker, user), await totals(worker, stays)], [[], [1]]);
  assert.equal((await worker.query('select count(*)::int as n from thermocline.insight_days')).rows[0].n, 0);
});

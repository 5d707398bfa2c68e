// SYNC 1: cursors on a read replica. A standby does not know which transactions run, so pull falls back to the oldest one that may;
// a cursor that is ahead of it is answered `later`, never `resync`; and cursors pass between primary and replica.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { connect, testCluster } from './cluster.mjs';
import { Device, insert } from './client.mjs';

const cluster = await testCluster();
const url = await cluster.database();
const replica = await cluster.replica();
after(() => replica.stop());

/** Until the replica has replayed what the primary has written. */
async function caughtUp(primary, standby) {
  const { rows: [{ lsn }] } = await primary.query('select pg_current_wal_insert_lsn() as lsn');
  for (;;) {
    const { rows: [{ done }] } = await standby.query('select pg_last_wal_replay_lsn() >= $1::pg_lsn as done', [lsn]);
    if (done) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('a replica serves pulls, loses nothing behind a running transaction, and says later when it lags', async () => {
  const [primary, standby, idle] = [await connect(url), await connect(replica.urlOf(url)), await connect(url)];
  const here = await Device.open(url);
  const there = await Device.open(replica.urlOf(url), here.user);
  const titles = ({ rows }) => rows.map(([, row]) => row.title).sort();

  await here.push([insert('entries', { title: 'one' })]);
  await idle.query('begin');
  await idle.query("insert into entries (user_id, title) values ($1, 'late')", [here.user]);
  await here.push([insert('entries', { title: 'two' })]);
  await caughtUp(primary, standby);
  const behind = await there.pullAll('entries');
  assert.deepEqual(titles(behind), ['one'], 'only what no running transaction can still overtake');
  assert.deepEqual(titles(await here.pullAll('entries', behind.cursor)), ['two'], 'the primary takes the replica\'s cursor');
  const ahead = await here.pullAll('entries');
  assert.equal((await there.pullAll('entries', ahead.cursor)).status, 'ok', 'the replica takes the primary\'s: one history');
  await idle.query('commit');
  await caughtUp(primary, standby);
  assert.deepEqual(titles(await there.pullAll('entries', behind.cursor)), ['late', 'two']);

  await standby.query('select pg_wal_replay_pause()');
  await here.push([insert('entries', { title: 'three' })]);
  const { cursor } = await here.pullAll('entries', ahead.cursor);
  assert.deepEqual(await there.pull({ entries: { cursor } }), { status: 'later' });
  await standby.query('select pg_wal_replay_resume()');
  await caughtUp(primary, standby);
  assert.equal((await there.pull({ entries: { cursor } })).status, 'ok');
  await Promise.all([primary, standby, idle].map((client) => client.end()).concat(here.close(), there.close()));
});

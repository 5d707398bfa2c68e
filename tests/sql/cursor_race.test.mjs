// Invariant 5, PITFALLS 2: no committed change is skipped by a pull, and none is repeated, under overlapping transactions.
//
// Writers stamp rows and commit later, in another order than they stamped; devices pull all the while. At the end each device must
// have seen every row's last version, and no version twice. An idle transaction that already holds an id runs throughout: a
// frontier cursor would wait for it, ours must not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, testCluster } from './cluster.mjs';
import { Device, uuid7 } from './client.mjs';

const WRITERS = 8;
const DEVICES = 5;
const RUN_MS = 3000;
const LATEST_COMMIT_MS = 60;

const cluster = await testCluster();
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Keeps a cursor and what came with it. */
class Poller {
  cursor = null;
  rows = new Map();
  revs = new Set();
  repeated = 0;
  constructor(device) {
    this.device = device;
  }
  async poll(maxRows = 7) {
    const page = await this.device.pullAll('entries', this.cursor, { maxRows });
    assert.equal(page.status, 'ok');
    this.cursor = page.cursor;
    const changes = [...page.rows.map(([rev, row]) => [rev, row.id, row.body]), ...page.gone.map(([rev, key]) => [rev, key.id, undefined])];
    for (const [rev, id, body] of changes.sort((a, b) => (BigInt(a[0]) < BigInt(b[0]) ? -1 : 1))) {
      if (this.revs.has(rev)) this.repeated += 1;
      this.revs.add(rev);
      if (body === undefined) this.rows.delete(id);
      else this.rows.set(id, body);
    }
    return changes.length;
  }
}

/** Writes, waits, commits; now and then rolls back or deletes. */
async function write(url, user, until, seed) {
  const client = await connect(url);
  const mine = [];
  for (let turn = 0; Date.now() < until; turn += 1) {
    await client.query('begin');
    const id = turn % 3 === 0 || mine.length === 0 ? uuid7() : mine[turn % mine.length];
    if (turn % 11 === 10) await client.query('delete from entries where id = $1', [id]);
    else await client.query("insert into entries (id, user_id, title, body) values ($1, $2, 't', $3) on conflict (id) do update set body = excluded.body", [id, user, `${seed}/${turn}`]);
    await pause((seed * 37 + turn * 17) % LATEST_COMMIT_MS);
    await client.query(turn % 13 === 12 ? 'rollback' : 'commit');
    if (!mine.includes(id)) mine.push(id);
  }
  await client.end();
}

test('no row is lost and none repeated while eight writers commit late', async () => {
  const url = await cluster.database();
  const pollers = [];
  for (let n = 0; n < DEVICES; n += 1) pollers.push(new Poller(await Device.open(url, pollers[0]?.device.user)));
  const { user } = pollers[0].device;
  const idle = await connect(url);
  await idle.query('begin');
  await idle.query('select pg_current_xact_id()');

  const until = Date.now() + RUN_MS;
  const writers = Array.from({ length: WRITERS }, (_, seed) => write(url, user, until, seed));
  const polls = pollers.map(async (poller) => {
    while (Date.now() < until) await poller.poll();
  });
  await Promise.all([...writers, ...polls]);
  for (const poller of pollers) await poller.poll();

  const truth = new Map((await idle.query('select id, body from entries')).rows.map((row) => [row.id, row.body]));
  assert.ok(truth.size > 50, `only ${truth.size} rows were written`);
  for (const poller of pollers) {
    assert.deepEqual([...poller.rows].sort(), [...truth].sort(), 'a device shows other rows than the server');
    assert.equal(poller.repeated, 0, 'a version came twice');
    assert.equal(await poller.poll(), 0, 'there was still something to pull');
  }
  await idle.query('commit');
  await idle.end();
  await Promise.all(pollers.map((poller) => poller.device.close()));
});

test('a row that commits after a later one was pulled still arrives', async () => {
  const url = await cluster.database();
  const device = await Device.open(url);
  const [late, early] = [await connect(url), await connect(url)];
  const add = (client, title) => client.query('insert into entries (user_id, title) values ($1, $2)', [device.user, title]);
  await late.query('begin');
  await add(late, 'stamped first');
  await add(early, 'stamped second');
  const first = await device.pullAll('entries');
  assert.deepEqual(first.rows.map(([, row]) => row.title), ['stamped second'], 'a running transaction delays nobody');
  await late.query('commit');
  const second = await device.pullAll('entries', first.cursor);
  assert.deepEqual(second.rows.map(([, row]) => row.title), ['stamped first']);
  await Promise.all([late.end(), early.end(), device.close()]);
});

test('a write within a subtransaction is seen as its transaction is', async () => {
  const url = await cluster.database();
  const device = await Device.open(url);
  const writer = await connect(url);
  const { cursor } = await device.pullAll('entries');
  await writer.query('begin');
  await writer.query('savepoint one');
  await writer.query("insert into entries (user_id, title) values ($1, 'nested')", [device.user]);
  await writer.query('release one');
  const during = await device.pullAll('entries', cursor);
  await writer.query('commit');
  const after = await device.pullAll('entries', during.cursor);
  assert.deepEqual([during.rows.length, after.rows.length], [0, 1]);
  await Promise.all([writer.end(), device.close()]);
});

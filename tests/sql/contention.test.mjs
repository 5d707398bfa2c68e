// SYNC 3: what happens when several connections want the same user, or the same row, at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, testCluster } from './cluster.mjs';
import { Device, insert, remove, update } from './client.mjs';

const cluster = await testCluster();

/** Until a backend waits for a lock of that type. */
async function untilWaiting(client, type) {
  const waiting = 'select 1 from pg_stat_activity where datname = current_database() and wait_event_type = $1 and wait_event = $2';
  while ((await client.query(waiting, ['Lock', type])).rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('a push that waits a second for its user\'s lock is answered busy, and nothing of it is kept', async () => {
  const url = await cluster.database();
  const device = await Device.open(url);
  const holder = await connect(url);
  await holder.query('begin');
  await holder.query('select pg_advisory_xact_lock(hashtextextended($1, 7355608))', [device.user]);
  const batch = [insert('entries', { title: 'x' })];
  const began = Date.now();
  assert.equal((await device.push(batch)).status, 'busy');
  assert.ok(Date.now() - began < 3000, 'it waits about a second');
  assert.equal((await holder.query('select from thermocline.answers')).rowCount, 0);
  const stranger = await Device.open(url);
  assert.equal((await stranger.push([insert('entries', { title: 'y' })])).status, 'ok', 'another user does not wait');
  await holder.query('commit');
  assert.equal((await device.push(batch)).answers[0].outcome, 'applied', 'the same batch later');
  await Promise.all([holder.end(), device.close(), stranger.close()]);
});

test('a push that waits for a row merges with what was committed meanwhile', async () => {
  const url = await cluster.database();
  const device = await Device.open(url);
  const writer = await connect(url);
  const made = insert('entries', { title: 'base', body: 'base' });
  const { answers: [{ rev: base }] } = await device.push([made]);
  await writer.query('begin');
  await writer.query("update entries set body = 'theirs' where id = $1", [made.row.id]);
  const pushed = device.push([update('entries', made.row.id, { title: 'mine' }, { base, saw: { title: 'base' } })]);
  await untilWaiting(writer, 'transactionid');
  await writer.query('commit');
  const { answers: [answer], xid } = await pushed;
  assert.equal(answer.outcome, 'merged', 'the row is not the one that the edit saw');
  assert.deepEqual([answer.detail.row.title, answer.detail.row.body], ['mine', 'theirs'], 'neither side\'s column is lost');
  assert.ok(xid, 'the whole row was answered');
  await Promise.all([writer.end(), device.close()]);
});

test('a column that both changed at once is settled by the edits\' times, not by who waited', async () => {
  const url = await cluster.database();
  const device = await Device.open(url);
  const writer = await connect(url);
  const made = insert('entries', { title: 'base' });
  const { answers: [{ rev: base }] } = await device.push([made]);
  const stamp = String((Date.now() - 1000) * 1000);
  await writer.query('begin');
  await writer.query("update entries set title = 'theirs' where id = $1", [made.row.id]);
  const pushed = device.push([update('entries', made.row.id, { title: 'mine, but earlier' }, { base, saw: { title: 'base' }, stamp })]);
  await untilWaiting(writer, 'transactionid');
  await writer.query('commit');
  const { answers: [answer] } = await pushed;
  assert.deepEqual([answer.outcome, answer.detail.row.title], ['superseded', 'theirs']);
  await Promise.all([writer.end(), device.close()]);
});

test('a delete that waits for a row which changes is repeated, not applied to what nobody saw', async () => {
  const url = await cluster.database();
  const device = await Device.open(url);
  const writer = await connect(url);
  const made = insert('entries', { title: 'base' });
  const { answers: [{ rev: base }] } = await device.push([made]);
  await writer.query('begin');
  await writer.query("update entries set title = 'theirs' where id = $1", [made.row.id]);
  const batch = [remove('entries', made.row.id, { base, stamp: String((Date.now() - 1000) * 1000) })];
  const pushed = device.push(batch).catch((error) => error);
  await untilWaiting(writer, 'transactionid');
  await writer.query('commit');
  assert.equal((await pushed).code, '40001', 'transient: the client sends the same batch again');
  assert.equal((await device.push(batch)).answers[0].outcome, 'superseded');
  await Promise.all([writer.end(), device.close()]);
});

test('an insert that waits for the same key in another transaction is settled by the policy', async () => {
  const url = await cluster.database();
  const device = await Device.open(url);
  const writer = await connect(url);
  const made = insert('entries', { title: 'mine' }, { stamp: '1' });
  await writer.query('begin');
  await writer.query("insert into entries (id, user_id, title) values ($1, $2, 'theirs')", [made.row.id, device.user]);
  const pushed = device.push([made]);
  await untilWaiting(writer, 'transactionid');
  await writer.query('commit');
  const { answers: [answer] } = await pushed;
  assert.deepEqual([answer.outcome, answer.detail.row.title], ['superseded', 'theirs']);
  await Promise.all([writer.end(), device.close()]);
});

test('devices of one user that write the same rows in opposite order do not deadlock', async () => {
  const url = await cluster.database();
  const a = await Device.open(url);
  const b = await Device.open(url, a.user);
  const rows = Array.from({ length: 40 }, () => insert('entries', { title: 'x' }));
  await a.push(rows);
  const edits = (device, order) => device.push(order.map(({ row }, n) => update('entries', row.id, { body: `${device.client}${n}` })));
  for (let turn = 0; turn < 5; turn += 1) {
    const answers = await Promise.all([edits(a, rows), edits(b, [...rows].reverse())]);
    assert.ok(answers.every(({ status }) => status === 'ok'));
  }
  await Promise.all([a.close(), b.close()]);
});

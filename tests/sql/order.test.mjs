// Invariant 5: revisions of a row only grow, so "the greatest revision wins" never keeps an old row on a device; and rows that came
// with a dump from another project, whose revisions are from beyond this history, are pulled and changed like any other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, testCluster } from './cluster.mjs';
import { Device, update, uuid7 } from './client.mjs';

const cluster = await testCluster();

/** A database with a device of some user, a connection that writes as the owner, and two rows. */
async function setUp() {
  const url = await cluster.database();
  const device = await Device.open(url);
  const other = await connect(url);
  const ids = [uuid7(), uuid7()];
  for (const id of ids) await other.query("insert into entries (id, user_id, title) values ($1, $2, 'first')", [id, device.user]);
  const close = async () => {
    await device.close();
    await other.end();
  };
  return { url, device, other, ids, close };
}

for (const [verb, statement] of [['changes', "update entries set title = 'late' where id = $1"], ['deletes', 'delete from entries where id = $1']]) {
  test(`a transaction that was overtaken on a row and then ${verb} it is to be repeated`, async () => {
    const { url, device, other, ids: [mine, contended], close } = await setUp();
    const early = await connect(url);
    await early.query('begin');
    await early.query("update entries set title = 'early' where id = $1", [mine]); // takes its transaction id
    await other.query("update entries set title = 'overtaking' where id = $1", [contended]);
    const { cursor } = await device.pullAll('entries', null);
    await assert.rejects(early.query(statement, [contended]), { code: '40001' });
    await early.query('rollback');
    await early.query(statement, [contended]);
    const delta = await device.pullAll('entries', cursor);
    const seen = [...delta.rows.map(([, row]) => row.id), ...delta.gone.map(([, key]) => key.id)];
    assert.deepEqual(seen, [contended]);
    await early.end();
    await close();
  });
}

test('rows from a dump of another project are pulled, changed and pushed', async () => {
  const { device, other, ids: [one, two], close } = await setUp();
  await other.query('alter table entries disable trigger zz_thermocline_stamp');
  await other.query('update entries set _rev = (1::bigint << 61) + 5');
  await other.query('alter table entries enable always trigger zz_thermocline_stamp');
  const { rows, cursor } = await device.pullAll('entries', null);
  assert.deepEqual(rows.map(([rev]) => rev), ['1', '1'], 'they are older than anything of this history');
  await other.query("update entries set title = 'changed here' where id = $1", [one]);
  const { answers } = await device.push([update('entries', two, { title: 'pushed' }, { base: '1', saw: { title: 'first' } })]);
  assert.match(answers[0].outcome, /^(applied|merged)$/);
  const delta = await device.pullAll('entries', cursor);
  const titles = Object.fromEntries(delta.rows.map(([rev, row]) => [row.id, [BigInt(rev) > 1n, row.title]]));
  assert.deepEqual(titles, { [one]: [true, 'changed here'], [two]: [true, 'pushed'] });
  await close();
});

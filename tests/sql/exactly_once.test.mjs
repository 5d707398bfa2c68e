// Invariant 2, PITFALLS 16, 17: every mutation takes effect exactly once, whatever happens to connections and answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, testCluster } from './cluster.mjs';
import { Device, group, insert, remove, update, uuid7 } from './client.mjs';

const cluster = await testCluster();
const outcomes = (answer) => answer.answers.map(({ outcome }) => outcome);

/** A table whose rows can be counted: nothing but a push that was carried out twice makes two lines of one mutation. */
async function withLedger(url) {
  const owner = await connect(url);
  await owner.query(`create table ledger (entry uuid, body text);
    create function note() returns trigger language plpgsql as $$ begin insert into ledger values (new.id, new.body); return null; end $$;
    create trigger note after insert or update on entries for each row execute function note();
    grant insert on ledger to authenticated`);
  return owner;
}

test('a retried push is applied once', async () => {
  const device = await Device.open(await cluster.database());
  const batch = Array.from({ length: 50 }, (_, n) => insert('entries', { title: `t${n}` }));
  const first = await device.push(batch);
  const second = await device.push(batch);
  assert.equal(new Set(outcomes(first)).size, 1);
  assert.deepEqual(second.answers, first.answers.map((answer) => ({ ...answer, duplicate: true })));
  assert.equal(second.xid, first.xid);
  assert.equal((await device.request('select id from entries')).length, 50);
  await device.close();
});

test('two contexts that send the same batch at once apply it once', async () => {
  const url = await cluster.database();
  const a = await Device.open(url);
  const b = await Device.open(url, a.user);
  for (let round = 0; round < 5; round += 1) {
    const batch = Array.from({ length: 100 }, (_, n) => insert('entries', { title: `${round}/${n}` }));
    const answers = await Promise.all([a.push(batch), b.push(batch)]);
    const repeated = answers.filter((answer) => answer.answers.every(({ duplicate }) => duplicate));
    assert.equal(repeated.length, 1, 'one applies, the other waits and repeats');
    assert.deepEqual(answers[0].answers.map(({ rev }) => rev), answers[1].answers.map(({ rev }) => rev));
  }
  assert.equal((await a.request('select id from entries')).length, 500);
  await Promise.all([a.close(), b.close()]);
});

test('a refused and discarded insert does not rise again when its request arrives once more', async () => {
  const device = await Device.open(await cluster.database());
  const holder = insert('entries', { title: 'holder', slug: 's' });
  await device.push([holder]);
  const refused = [insert('entries', { title: 'discarded', slug: 's' })];
  assert.deepEqual(outcomes(await device.push(refused)), ['rejected']);
  await device.push([remove('entries', holder.row.id)]);
  const zombie = await device.push(refused);
  assert.deepEqual([zombie.answers[0].outcome, zombie.answers[0].duplicate], ['rejected', true]);
  assert.equal((await device.request("select 1 from entries where title = 'discarded'")).length, 0);
  await device.close();
});

test('with backends killed and answers lost each mutation is applied exactly once, in order', async () => {
  const url = await cluster.database();
  const owner = await withLedger(url);
  const user = uuid7();
  let killed = 0;
  let lost = 0;

  /** Sends a batch until an answer arrives; the connection dies at every other attempt, before or after the commit. */
  async function deliver(batch, turn) {
    for (let attempt = 0; ; attempt += 1) {
      const device = await Device.open(url, user);
      const sent = device.push(batch).catch((error) => ({ error }));
      if (attempt < 2 && (turn + attempt) % 3 === 0) {
        const { rows } = await owner.query('select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = $1', ['client backend']);
        for (const { pid } of rows.slice(0, 1)) await owner.query('select pg_terminate_backend($1)', [pid]);
        killed += rows.length ? 1 : 0;
      }
      const answer = await sent;
      await device.close().catch(() => {});
      if (attempt === 0 && turn % 4 === 1) {
        lost += 1; // carried out, but nobody hears of it
        continue;
      }
      if (!answer.error && answer.status === 'ok') return answer;
    }
  }

  /** One row is edited again and again by each worker, beside new rows: order is visible in the ledger. */
  async function work(worker) {
    const own = insert('entries', { title: `own ${worker}`, body: `${worker}/0` });
    let base = (await deliver([own], worker)).answers[0].rev;
    const made = [own.row.id];
    for (let turn = 1; turn <= 12; turn += 1) {
      const fresh = Array.from({ length: 5 }, (_, n) => insert('entries', { title: `${worker}/${turn}/${n}` }));
      const edit = update('entries', own.row.id, { body: `${worker}/${turn}` }, { base });
      const { answers } = await deliver([...fresh, edit], worker + turn);
      assert.ok(answers.every(({ outcome }) => outcome === 'applied'), JSON.stringify(answers));
      base = answers.at(-1).rev;
      made.push(...fresh.map(({ row }) => row.id));
    }
    return { own: own.row.id, made };
  }

  const workers = await Promise.all([0, 1, 2, 3].map(work));
  const { rows: ledger } = await owner.query('select entry, body, count(*)::int as times from ledger group by 1, 2');
  assert.deepEqual(ledger.filter(({ times }) => times !== 1), [], 'a mutation took effect twice');
  for (const [worker, { own, made }] of workers.entries()) {
    for (const id of made) assert.ok(ledger.some(({ entry }) => entry === id), 'a mutation took no effect');
    const { rows } = await owner.query('select body from ledger where entry = $1', [own]);
    assert.deepEqual(rows.map(({ body }) => body), Array.from({ length: 13 }, (_, turn) => `${worker}/${turn}`), 'edits changed their order');
  }
  assert.ok(killed > 5 && lost > 5, `only ${killed} backends were killed and ${lost} answers lost`);
  await owner.end();
});

test('a poisoned batch is the same poisoned batch when it is repeated', async () => {
  const device = await Device.open(await cluster.database());
  const batch = Array.from({ length: 200 }, (_, n) => insert('entries', { title: `t${n}`, mood: n % 29 === 7 ? 9 : 3 }));
  const first = await device.push(batch);
  assert.equal(outcomes(first).filter((outcome) => outcome === 'rejected').length, 7);
  assert.deepEqual((await device.push(batch)).answers, first.answers.map((answer) => ({ ...answer, duplicate: true })));
  assert.equal((await device.request('select id from entries')).length, 193);
  await device.close();
});

test('a transient error applies nothing, remembers nothing, and the same batch succeeds later', async () => {
  const url = await cluster.database();
  const owner = await connect(url);
  await owner.query(`create function jam() returns trigger language plpgsql as $$
      begin if new.title = 'jam' and exists (select from jammed) then raise exception using errcode = '40001', message = 'jammed'; end if; return new; end $$;
    create table jammed (); create trigger jam before insert on entries for each row execute function jam();
    grant select on jammed to authenticated; insert into jammed default values`);
  const device = await Device.open(url);
  const batch = group([insert('entries', { title: 'a' }), insert('entries', { title: 'jam' })], device.user);
  await assert.rejects(device.send(batch), { code: '40001' });
  assert.equal((await owner.query('select 1 from entries union all select 1 from thermocline.answers')).rowCount, 0);
  await owner.query('drop table jammed; create table jammed (); grant select on jammed to authenticated');
  assert.deepEqual((await device.send(batch)).groups[0].map(([outcome]) => outcome), ['applied', 'applied']);
  await Promise.all([owner.end(), device.close()]);
});

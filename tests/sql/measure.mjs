// What sync costs the database: node tests/sql/measure.mjs
//
// Not a test: prints a table. The same rows go into the same table without sync, with _rev alone and with _rev and _at; then
// pushes and pulls by size, and the empty delta with and without a transaction that has been idle for very long.
import { startPostgres } from '../../supabase/dev/postgres.mjs';
import { migrate } from '../../supabase/dev/migrate.mjs';
import { connect } from './cluster.mjs';
import { Device, insert, update } from './client.mjs';

const ROWS = 20_000;
const PASSES = 5;
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

/** Median milliseconds of a few passes. */
async function timed(work, passes = PASSES) {
  const times = [];
  for (let pass = 0; pass < passes; pass += 1) {
    const began = performance.now();
    await work(pass);
    times.push(performance.now() - began);
  }
  return median(times);
}

/** Microseconds a row for inserts and updates, by plain SQL. */
async function writes(sql, table, user) {
  await sql.query(`truncate ${table}`);
  const added = await timed((pass) => sql.query(`insert into ${table} (id, user_id, title, body, tags) select md5('${pass}/' || i)::uuid, '${user}', 'title ' || i, repeat(md5(i::text), 10), '["a"]'
    from generate_series(1, ${ROWS}) i`));
  const changed = await timed((pass) => sql.query(`update ${table} set title = title || '.' where id in (select md5('${pass}/' || i)::uuid from generate_series(1, ${ROWS}) i)`));
  const { rows: [{ size }] } = await sql.query(`select avg(pg_column_size(t.*))::int as size from ${table} t`);
  return { table, 'insert µs/row': (added * 1000) / ROWS, 'update µs/row': (changed * 1000) / ROWS, 'bytes/row': size };
}

async function pushes(device) {
  const found = [];
  for (const size of [1, 50, 500]) {
    const batches = Array.from({ length: PASSES }, () => Array.from({ length: size }, (_, n) => insert('merged', { title: `t${n}`, body: 'x'.repeat(300), tags: ['a'] })));
    const answers = [];
    const added = await timed(async (pass) => answers.push(await device.push(batches[pass])));
    const edits = batches.map((batch, pass) => batch.map(({ row }, n) => update('merged', row.id, { title: 'new' }, { base: answers[pass].answers[n].rev, saw: { title: row.title } })));
    const changed = await timed((pass) => device.push(edits[pass]));
    found.push({ batch: size, 'insert rows/s': (size * 1000) / added, 'update rows/s': (size * 1000) / changed });
  }
  return found;
}

async function pulls(url, device, sql) {
  const page = await timed(() => device.pull({ merged: { cursor: null } }));
  const { cursor } = await device.pullAll('merged');
  const empty = await timed(() => device.pull({ merged: { cursor } }), 21);
  const idle = await connect(url);
  await idle.query('begin; select pg_current_xact_id()');
  const before = (await device.pullAll('merged', cursor)).cursor;
  await sql.query(`insert into merged (id, user_id, title, body) select gen_random_uuid(), '${device.user}', 'late', repeat('x', 300) from generate_series(1, ${ROWS})`);
  const after = (await device.pullAll('merged', before)).cursor;
  const emptyBehindIdle = await timed(() => device.pull({ merged: { cursor: after } }), 21);
  await idle.query('commit');
  await idle.end();
  return [{ 'first page of 1,000, ms': page, 'empty delta, ms': empty, [`empty delta, ${ROWS} rows newer than an idle transaction, ms`]: emptyBehindIdle }];
}

const cluster = await startPostgres();
try {
  const url = await cluster.newDatabase();
  const sql = await connect(url);
  await migrate({ run: (text) => sql.query(text), sql: async (text, params) => (await sql.query(text, params)).rows });
  const device = await Device.open(url);
  for (const [name, policy] of [['plain'], ['stamped', 'remote-wins'], ['merged', 'merge']]) {
    await sql.query(`create table ${name} (id uuid primary key default gen_random_uuid(), user_id uuid not null default auth.uid(), title text, body text, tags jsonb, mood int, status text default 'open', created_at timestamptz default now());
      alter table ${name} enable row level security; create policy own on ${name} to authenticated using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
      grant select, insert, update, delete on ${name} to authenticated`);
    if (policy) await sql.query('select thermocline.enable($1, $2, $3)', [name, 'user_id', policy]);
  }
  console.table([await writes(sql, 'plain', device.user), await writes(sql, 'stamped', device.user), await writes(sql, 'merged', device.user)]);
  console.table(await pushes(device));
  await sql.query('analyze');
  console.table(await pulls(url, device, sql));
  await Promise.all([sql.end(), device.close()]);
} finally {
  await cluster.stop();
}

// RECIPES 5.2, 5.7, 5.8: vectors of the log and search by meaning, where the extension `vector` is: PGlite brings it; a PostgreSQL without
// it goes without the tables and functions, and says so (P10, P11).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openLite } from '../../supabase/dev/lite.mjs';
import { KEYS } from '../../supabase/dev/server.mjs';
import { connect, testCluster } from './cluster.mjs';

const cluster = await testCluster();
const users = [1, 2, 3].map((n) => `00000000-0000-4000-8000-00000000000${n}`);
const claims = (user) => ({ sub: user, role: 'authenticated' });
/** A unit vector in the plane of the first two dimensions, at an angle in degrees. */
const at = (degrees) => JSON.stringify(Array.from({ length: 384 }, (_, n) => (n === 0 ? Math.cos(degrees * Math.PI / 180) : n === 1 ? Math.sin(degrees * Math.PI / 180) : 0)));

async function open(backend) {
  const databaseUrl = backend === 'postgres' ? await cluster.database() : undefined;
  const lite = await openLite({ backend, databaseUrl, recipes: ['path'], jwtExpiry: 60, ...KEYS });
  for (const user of users) await lite.sql('insert into auth.users (id) values ($1)', [user]);
  const as = (user, text, params) => lite.asUser(claims(user), text, params);
  const value = async (user, text, params) => Object.values((await as(user, text, params))[0])[0];
  const refused = (user, text, params) => as(user, text, params).then(() => null, (error) => error.code);
  return { ...lite, as, value, refused };
}

async function log(db, user, category, content, metadata) {
  return db.value(user, 'insert into sovereign_logs (category, content, metadata) values ($1, $2, $3::text::jsonb) returning id', [category, content, JSON.stringify(metadata)]);
}
const insight = (db, user, content) => log(db, user, 'sovereign', content, { entryId: 'e', entryType: 'Insight' });
const put = (db, user, id, content, degrees) => db.value(user, 'select put_log_embedding($1, $2, $3, $4)', [id, content, at(degrees), 'test']);
const toEmbed = async (db, user) => (await db.as(user, 'select id from logs_to_embed()')).map(({ id }) => id);
const match = (db, user, degrees, ...more) => db.as(user, `select * from match_embeddings($1::text::extensions.vector${more.map((m) => `, ${m}`).join('')})`, [at(degrees)]);

async function hasVector() {
  const client = await connect(await cluster.database());
  const { rows: [{ has }] } = await client.query(`select exists (select from pg_available_extensions where name = 'vector') as has`);
  await client.end();
  return has;
}
const onPostgres = await hasVector();

describe('PostgreSQL without vector', { skip: onPostgres && 'this PostgreSQL has the extension vector' }, () => {
  let db;
  before(async () => { db = await open('postgres'); });
  after(() => db.close());
  test('neither the table nor the searches are there, and the rest is whole', async () => {
    const [found] = await db.sql(`select to_regclass('public.vector_embeddings') is null as bare,
      (select count(*)::int from pg_proc where proname in ('match_embeddings', 'logs_to_embed', 'log_to_embed', 'put_log_embedding', 'drop_log_vectors')) as functions,
      (select count(*)::int from thermocline.recipe_tables where recipe = 'path') as tables`);
    assert.deepEqual({ ...found }, { bare: true, functions: 0, tables: 11 });
    const id = await insight(db, users[0], 'rest');
    assert.equal((await db.as(users[0], 'delete from sovereign_logs where id = $1 returning id', [id])).length, 1);
  });
  test('the skipped scripts say why', async () => {
    const { recipeScripts } = await import('../../supabase/dev/migrate.mjs');
    const client = await connect(await cluster.database(['path']));
    const said = [];
    client.on('notice', (notice) => said.push(notice.message));
    for (const { sql } of recipeScripts(['path']).filter(({ version }) => version.endsWith('_vector.sql'))) await client.query(sql);
    await client.end();
    assert.equal(said.length, 2);
    assert.match(said.join('\n'), /extension vector is not available[^]*without search by meaning/);
  });
});

for (const [backend, skip] of [['pglite', false], ['postgres', !onPostgres && 'this PostgreSQL has no extension vector']]) describe(`${backend} with vector`, { skip }, () => {
  let db;
  const [ann, ben, eve] = users;
  before(async () => { db = await open(backend); });
  after(() => db.close());

  test('the table is declared as RECIPES 2 and 5.2 say, with its indexes, and rows are never changed', async () => {
    const [declared] = await db.sql(`select policy, direction, time_col, natural_key from thermocline.tables where name = 'vector_embeddings'`);
    assert.deepEqual({ ...declared }, { policy: 'remote-wins', direction: 'push-only', time_col: 'created_at', natural_key: ['user_id', 'source_table', 'source_id', 'part'] });
    const indexes = (await db.sql(`select indexdef from pg_indexes where tablename = 'vector_embeddings'`)).map(({ indexdef }) => indexdef).join('\n');
    assert.match(indexes, /USING hnsw \(embedding extensions\.vector_cosine_ops\)/);
    assert.match(indexes, /USING gin \(metadata jsonb_path_ops\)/);
    const [rights] = await db.sql(`select string_agg(p, ' ') as has from unnest(array['select', 'insert', 'update', 'delete', 'truncate']) p where has_table_privilege('authenticated', 'vector_embeddings', p)`);
    assert.equal(rights.has, 'select insert delete');
    const [policies] = await db.sql(`select string_agg(cmd || roles::text, ' ' order by cmd) as all from pg_policies where tablename = 'vector_embeddings'`);
    assert.equal(policies.all, 'DELETE{authenticated} INSERT{authenticated} SELECT{authenticated}');
    const [functions] = await db.sql(`select string_agg(p.proname, ' ') as open from pg_proc p where p.proname in ('match_embeddings', 'logs_to_embed', 'log_to_embed', 'put_log_embedding', 'log_embedding_text', 'log_embed_setting')
      and (has_function_privilege('anon', oid, 'execute') or prosecdef or not proconfig::text ~ 'search_path' or not has_function_privilege('authenticated', oid, 'execute'))`);
    assert.equal(functions.open, null);
  });

  test('selected rows are to be embedded, each by its text; under all every row is', async () => {
    const attunement = await db.value(ann, `insert into daily_attunements (date, insightful_question, synthesized_answer, based_on) values ('2026-03-10', 'What drained you?', 'Noise.', '{}') returning id`);
    const feedback = (userRating, hasCustomAnswer, content) => log(db, ann, 'feedback', content, { feedbackId: 'f', attunementId: attunement, userRating, hasCustomAnswer });
    const texts = {
      [await feedback(4, false, 'thanks')]: 'What drained you?\nNoise.',
      [await feedback(5, true, 'My own answer')]: 'What drained you?\nMy own answer',
      [await log(db, ann, 'feedback', 'kept', { feedbackId: 'f', attunementId: 'gone', userRating: 5, hasCustomAnswer: false })]: 'kept',
      [await log(db, ann, 'journal', ' Slept well', { journalId: 'j', routineType: 'morning', insights: 'go to bed ' })]: 'Slept well\ngo to bed',
      [await insight(db, ann, 'focus')]: 'focus',
      [await log(db, ann, 'sovereign', 'won', { entryId: 'e', entryType: 'Win' })]: 'won',
      [await insight(db, ann, 'x'.repeat(9000))]: 'x'.repeat(8000),
    };
    const others = [await feedback(3, false, 'no'), await log(db, ann, 'journal', 'plain', { journalId: 'j', routineType: 'evening' }), await log(db, ann, 'chat', 'hi', { sessionId: 's', messageId: 'm' }),
      await log(db, ann, 'sovereign', 'urge', { entryId: 'e', entryType: 'Urge/Symptom' })];
    const blank = [await insight(db, ann, '  ')];
    assert.deepEqual((await toEmbed(db, ann)).sort(), Object.keys(texts).sort());
    for (const [id, text] of Object.entries(texts)) assert.deepEqual(await db.value(ann, 'select log_to_embed($1)', [id]), { text, embedded: null, model: null });
    for (const id of [...others, ...blank]) assert.equal((await db.value(ann, 'select log_to_embed($1)', [id])).text, null);
    assert.equal(await db.value(ben, 'select log_to_embed($1)', [others[0]]), null);
    await db.as(ann, `insert into sovereign_path_data (settings) values ('{"embed":"all"}')`);
    assert.deepEqual((await toEmbed(db, ann)).sort(), [...Object.keys(texts), ...others].sort());
    assert.deepEqual(await toEmbed(db, ben), []);
    assert.equal((await db.as(ann, 'select id from logs_to_embed(2)')).length, 2);
    assert.equal((await db.as(ann, 'select id from logs_to_embed(-1)')).length, 1);
    await db.as(ann, 'delete from sovereign_logs; ');
    await db.as(ann, 'delete from sovereign_path_data');
  });

  test('a vector is put once, replaced by the edited row\'s, and goes with its row (P10)', async () => {
    const id = await log(db, ann, 'feedback', 'good', { feedbackId: 'f', attunementId: 'a', userRating: 5, hasCustomAnswer: true });
    assert.equal(await put(db, ann, id, 'good', 0), true);
    assert.equal(await put(db, ann, id, 'good', 0), true);
    const held = () => db.sql('select id, content, metadata, part, model from vector_embeddings where source_id = $1', [id]);
    const [{ metadata }] = await db.sql('select metadata from sovereign_logs where id = $1', [id]);
    assert.equal(metadata.vectorized, true);
    const [key] = await db.sql(`select thermocline.natural_id('vector_embeddings', array[$1, 'sovereign_logs', $2, '0']) as id`, [ann, id]);
    assert.deepEqual((await held()).map((row) => ({ ...row })), [{ id: key.id, content: 'good', metadata: { category: 'feedback', logId: id }, part: 0, model: 'test' }]);
    assert.deepEqual(await toEmbed(db, ann), [], 'that vectorized is set is no change of its text');

    await db.as(ann, `update sovereign_logs set content = 'better' where id = $1`, [id]);
    assert.deepEqual(await toEmbed(db, ann), [id]);
    assert.equal(await put(db, ann, id, 'good', 0), false, 'the text that was read is no longer the row\'s');
    assert.equal(await put(db, ann, id, 'better', 10), true);
    assert.deepEqual((await held()).map(({ content }) => content), ['better']);

    await db.as(ann, `update sovereign_logs set metadata = metadata || '{"userRating": 2}' where id = $1`, [id]);
    assert.equal(await db.value(ann, 'select put_log_embedding($1, null, null, null)', [id]), true);
    assert.deepEqual(await held(), [], 'what is no longer selected is not kept');
    await db.as(ann, `update sovereign_logs set metadata = metadata || '{"userRating": 5}' where id = $1`, [id]);
    await put(db, ann, id, 'better', 10);
    await db.as(ann, 'delete from sovereign_logs where id = $1', [id]);
    assert.deepEqual(await held(), []);
  });

  test('nobody puts, reads or removes another one\'s vectors (P11)', async () => {
    const id = await insight(db, ann, 'mine');
    assert.equal(await put(db, ben, id, 'mine', 0), false);
    await put(db, ann, id, 'mine', 0);
    assert.deepEqual(await match(db, ben, 0, 0), []);
    assert.equal((await db.as(ben, 'delete from vector_embeddings returning id')).length, 0);
    const foreign = `insert into vector_embeddings (user_id, content, embedding, source_table, source_id, model) values ($1, 'x', $2::text::extensions.vector, 'sovereign_logs', $3, 'm')`;
    assert.equal(await db.refused(ben, foreign, [ann, at(0), id]), '42501');
    assert.equal(await db.refused(ann, `update vector_embeddings set content = 'y'`), '42501');
    assert.equal((await match(db, ann, 0)).length, 1);
    await db.as(ann, 'delete from sovereign_logs');
  });

  test('what is near is found, nearest first, strictly above the threshold, at most 50', async () => {
    for (const [content, degrees] of [['same', 0], ['near', 20], ['half', 60], ['far', 90], ['away', 180]]) await put(db, ann, await insight(db, ann, content), content, degrees);
    const found = await match(db, ann, 0);
    assert.deepEqual(found.map(({ content }) => content), ['same', 'near']);
    assert.ok(Math.abs(found[0].similarity - 1) < 1e-6 && Math.abs(found[1].similarity - Math.cos(20 * Math.PI / 180)) < 1e-6);
    assert.deepEqual(Object.keys(found[0]).sort(), ['content', 'id', 'metadata', 'similarity']);
    assert.deepEqual((await match(db, ann, 0, 1, 5)).length, 0, 'strictly above');
    assert.deepEqual((await match(db, ann, 0, -2, 50)).map(({ content }) => content), ['same', 'near', 'half', 'far', 'away']);
    assert.equal((await match(db, ann, 0, -2, 0)).length, 1);
    const zero = JSON.stringify(Array(384).fill(0));
    assert.deepEqual(await db.as(ann, 'select * from match_embeddings($1::text::extensions.vector, -2, 50)', [zero]), [], 'a text without words is near to nothing');
    await db.as(ann, `insert into vector_embeddings (content, embedding, source_table, source_id, model)
      select 'n' || n, $1::text::extensions.vector, 'other', gen_random_uuid(), 'm' from generate_series(1, 60) n`, [at(1)]);
    assert.equal((await match(db, ann, 0, 0, 100)).length, 50);
    await db.as(ann, 'delete from sovereign_logs');
    await db.as(ann, 'delete from vector_embeddings');
  });

  test('10,000 nearer vectors of another user do not hide the caller\'s three (6.5)', async () => {
    const [{ definition }] = await db.sql(`select pg_get_indexdef('vector_embeddings_by_meaning'::regclass) as definition`);
    await db.sql('drop index vector_embeddings_by_meaning'); // one that is made afterwards is made in a fraction of the time
    await db.sql(`insert into vector_embeddings (user_id, content, embedding, source_table, source_id, model)
      select $1, 'other ' || n, ('[' || cos(n / 1e6) || ',' || sin(n / 1e6) || repeat(',0', 382) || ']')::extensions.vector, 'sovereign_logs', gen_random_uuid(), 'm' from generate_series(1, 10000) n`, [eve]);
    for (const [content, degrees] of [['one', 10], ['two', 11], ['three', 12]]) await put(db, ann, await insight(db, ann, content), content, degrees);
    await db.sql(definition);
    await db.sql('analyze vector_embeddings');
    const mine = async (settings) => {
      const found = await db.asUser(claims(ann), 'select content from match_embeddings($1::text::extensions.vector)', [at(0)], settings);
      return found.map(({ content }) => content);
    };
    assert.deepEqual(await mine({}), ['one', 'two', 'three']);
    // An HNSW index that was asked instead, iterative scan and all, lost them in one run of three.
    assert.deepEqual(await mine({ enable_sort: 'off', enable_seqscan: 'off', enable_bitmapscan: 'off' }), ['one', 'two', 'three']);
  });

  test('a vector comes by push, and comes again without harm', async () => {
    const source = await insight(db, ben, 'pushed');
    const id = await db.value(ben, `select thermocline.natural_id('vector_embeddings', array[$1, 'sovereign_logs', $2, '0'])`, [ben, source]);
    const push = async (embedding) => {
      const row = { _m: crypto.randomUUID(), _u: ben, _t: '1', id, content: 'pushed', embedding, source_table: 'sovereign_logs', source_id: source, model: 'm' };
      const batch = [{ t: 'vector_embeddings', op: 'ins', cols: ['content', 'embedding', 'source_table', 'source_id', 'model'], rows: [row] }];
      const { groups: [[[outcome]]] } = await db.value(ben, 'select thermocline_push(1, $1, $2::text::jsonb)', ['test', JSON.stringify(batch)]);
      return outcome;
    };
    assert.equal(await push(at(0)), 'applied');
    assert.equal(await push(JSON.parse(at(1))), 'superseded');
    assert.deepEqual((await match(db, ben, 0)).map(({ content }) => content), ['pushed']);
  });

  test('everything of a user goes: rows by recipe, and with the account', async () => {
    const counts = await db.value(ann, `select delete_my_rows('path')`);
    assert.equal(counts.vector_embeddings, 3);
    await db.sql('delete from auth.users where id = $1', [eve]);
    assert.equal((await db.sql('select from vector_embeddings where user_id <> $1', [ben])).length, 0);
  });
});

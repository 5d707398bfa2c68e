// Run by `deno test`: what becomes of a log row: embedded, unchanged, removed, skipped, changed meanwhile, not there.
import assert from 'node:assert/strict';
import { localEmbedding } from '../_shared/embedding.ts';
import { handle } from '../_shared/handle.ts';
import { refusesBodies, refusesOthers } from '../_shared/refusals.testing.ts';
import { project, request } from '../_shared/testing.ts';
import { entry } from './task.ts';

const log_id = '00000000-0000-4000-8000-00000000000a';

/** Asks for a row that the database tells of so; `isPut` is what it answers to a vector. */
async function asked(log: object | null, { isPut = true, env = {} }: { isPut?: boolean; env?: Record<string, string> } = {}) {
  const upstream = project({
    '/rest/v1/rpc/thermocline_take': () => Response.json(true),
    '/rest/v1/rpc/log_to_embed': () => Response.json(log),
    '/rest/v1/rpc/put_log_embedding': () => Response.json(isPut),
    'https://api.openai.com/v1/embeddings': () => new Response('busy', { status: 429, headers: { 'retry-after': '9' } }),
  }, env);
  const answer = await handle(entry, request({ log_id }), upstream);
  return { status: answer.status, body: await answer.json(), wait: answer.headers.get('retry-after'), calls: upstream.calls };
}

Deno.test('a row without a vector gets one', async () => {
  const { status, body, calls } = await asked({ text: 'deep work', embedded: null, model: null });
  assert.deepEqual([status, body], [200, { success: true, state: 'embedded', model: 'local' }]);
  assert.deepEqual(calls.map((call) => call.body), [{ function: 'embed_entry' }, { log_id },
    { log_id, content: 'deep work', embedding: JSON.stringify(localEmbedding('deep work')), model: 'local' }]);
});

Deno.test('one whose text and model are the same is left alone; a new text or model replaces it', async () => {
  const same = await asked({ text: 'deep work', embedded: 'deep work', model: 'local' });
  assert.deepEqual([same.body.state, same.calls.length], ['unchanged', 2]);
  for (const other of [{ embedded: 'old', model: 'local' }, { embedded: 'deep work', model: 'other' }]) {
    assert.equal((await asked({ text: 'deep work', ...other })).body.state, 'embedded');
  }
});

Deno.test('one that is not selected loses its vector, or is skipped', async () => {
  const { body, calls } = await asked({ text: null, embedded: 'old', model: 'local' });
  assert.deepEqual([body.state, calls[2].body], ['removed', { log_id, content: null, embedding: null, model: 'local' }]);
  const none = await asked({ text: null, embedded: null, model: null });
  assert.deepEqual([none.body.state, none.calls.length], ['skipped', 2]);
});

Deno.test('one that is not the caller\'s answers 404, one that was changed meanwhile 409', async () => {
  const missing = await asked(null);
  assert.deepEqual([missing.status, missing.body.error.code], [404, 'not_found']);
  const changed = await asked({ text: 'a', embedded: null, model: null }, { isPut: false });
  assert.deepEqual([changed.status, changed.body.error.code], [409, 'changed']);
});

Deno.test('a provider that is busy answers 429 with its Retry-After, and nothing is written', async () => {
  const { status, body, wait, calls } = await asked({ text: 'a', embedded: null, model: null }, { env: { OPENAI_API_KEY: 'secret' } });
  assert.deepEqual([status, body.error.code, wait], [429, 'provider_busy', '9']);
  assert.ok(!calls.some((call) => call.path.endsWith('put_log_embedding')));
});

Deno.test('who may not, and what is not taken, is refused', async () => {
  await refusesOthers(entry, { log_id });
  await refusesBodies(entry, [null, [], {}, { log_id: 7 }, { log_id: 'x' }, { log_id: `${log_id}0` }, { entry_id: log_id }]);
});

// Run by `deno test`: a search text's vector, and what is none.
import assert from 'node:assert/strict';
import { localEmbedding } from '../_shared/embedding.ts';
import { handle } from '../_shared/handle.ts';
import { refusesBodies, refusesOthers } from '../_shared/refusals.testing.ts';
import { project, request } from '../_shared/testing.ts';
import { query } from './task.ts';

const taken = { '/rest/v1/rpc/thermocline_take': () => Response.json(true) };

Deno.test('a text is counted and answered by its vector; nothing is read', async () => {
  const upstream = project(taken);
  const answer = await handle(query, request({ text: 'Deep work', space: 'path' }), upstream);
  assert.deepEqual([answer.status, await answer.json()], [200, { embedding: localEmbedding('deep work'), model: 'local' }]);
  assert.deepEqual(upstream.calls.map((call) => call.body), [{ function: 'embed_query' }]);
});

Deno.test('a text of 1,000 characters is taken, and one without a word is not', async () => {
  assert.equal((await handle(query, request({ text: 'a'.repeat(1000), space: 'path' }), project(taken))).status, 200);
  assert.equal((await handle(query, request({ text: '…?', space: 'path' }), project(taken))).status, 422);
});

Deno.test('who may not, and what is not taken, is refused', async () => {
  await refusesOthers(query, { text: 'deep work', space: 'path' });
  await refusesBodies(query, [null, [], {}, { text: 'x' }, { text: 'x', space: 'entries' }, { space: 'path' }, { text: '', space: 'path' }, { text: '  ', space: 'path' }, { text: 7, space: 'path' }, { text: 'a'.repeat(1001), space: 'path' }]);
});

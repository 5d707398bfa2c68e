// Run by `deno test`: X-2, and what providers of vectors are asked, told and believed.
import assert from 'node:assert/strict';
import { DIMENSION, embedderOf, localEmbedding } from './embedding.ts';
import { Refusal } from './refusal.ts';
import { project } from './testing.ts';

const similarity = (a: number[], b: number[]) => a.reduce((sum, value, n) => sum + value * b[n], 0);
const OPENAI = 'https://api.openai.com/v1/embeddings';
const HUGGINGFACE = 'https://router.huggingface.co/hf-inference/models/BAAI/bge-small-en-v1.5/pipeline/feature-extraction';
const VECTOR = Array.from({ length: DIMENSION }, (_, n) => n / DIMENSION);
type Answer = () => Response;

function asked(env: Record<string, string>, answer: Answer) {
  const upstream = project({ [OPENAI]: answer, [HUGGINGFACE]: answer }, env);
  return { embedder: embedderOf(upstream), calls: upstream.calls };
}

async function refusalOf(env: Record<string, string>, answer: Answer): Promise<[number, string, number | undefined]> {
  const error = await asked(env, answer).embedder.embed('deep work').then(() => undefined, (thrown) => thrown);
  assert.ok(error instanceof Refusal, `it was taken, or failed otherwise: ${error}`);
  return [error.status, error.code, error.retryAfter];
}

Deno.test('X-2: texts that share words are near, others are not', () => {
  const [a, b, c] = ['deep work morning', 'morning deep focus work', 'tax forms'].map((text) => localEmbedding(text));
  assert.ok(Math.abs(similarity(a, b) - 3 / Math.sqrt(12)) < 1e-12);
  assert.equal(similarity(a, c), 0);
  assert.equal(a.length, DIMENSION);
  assert.ok(Math.abs(similarity(a, a) - 1) < 1e-12);
});

Deno.test('words are runs of letters and digits, whatever their case and script', () => {
  assert.deepEqual(localEmbedding('Grüße, 2 ДРУЗЬЯМ!'), localEmbedding('grüße 2 друзьям'));
  assert.notDeepEqual(localEmbedding('work work play'), localEmbedding('work play'));
  assert.deepEqual(localEmbedding(' … !?'), Array(DIMENSION).fill(0));
  assert.equal(localEmbedding('a b', 2).length, 2);
});

Deno.test('without a key it is the built-in one, and nobody is asked', async () => {
  const { embedder, calls } = asked({}, () => Response.json({}));
  assert.equal(embedder.model, 'local');
  assert.deepEqual(await embedder.embed('deep work'), localEmbedding('deep work'));
  assert.equal(calls.length, 0);
});

Deno.test('a provider is told the text and nothing else', async () => {
  const openai = asked({ OPENAI_API_KEY: 'secret' }, () => Response.json({ data: [{ embedding: VECTOR }] }));
  assert.deepEqual([openai.embedder.model, await openai.embedder.embed('deep work')], ['text-embedding-3-small', VECTOR]);
  assert.deepEqual(openai.calls[0].body, { model: 'text-embedding-3-small', input: 'deep work', dimensions: 384 });
  for (const body of [VECTOR, [VECTOR]]) {
    const { embedder, calls } = asked({ HUGGINGFACE_API_KEY: 'key', OPENAI_API_KEY: 'secret' }, () => Response.json(body));
    assert.deepEqual([embedder.model, await embedder.embed('deep work')], ['BAAI/bge-small-en-v1.5', VECTOR]);
    assert.deepEqual([calls[0].body, calls[0].headers.get('authorization'), calls[0].headers.get('apikey')], [{ inputs: 'deep work' }, 'Bearer key', null]);
  }
});

Deno.test('a provider that fails is not replaced by another model', async () => {
  const failing: Answer[] = [() => new Response('no', { status: 500 }), () => new Response('not json'), () => Response.json({ data: [] }), () => Response.json({ data: [{ embedding: [1, 2] }] }),
    () => Response.json({ data: [{ embedding: VECTOR.map(String) }] }), () => { throw new TypeError('unreachable'); }];
  for (const answer of failing) assert.deepEqual(await refusalOf({ OPENAI_API_KEY: 'secret' }, answer), [502, 'provider_failed', undefined]);
  const busy = (headers: HeadersInit) => () => new Response('busy', { status: 429, headers });
  assert.deepEqual(await refusalOf({ OPENAI_API_KEY: 'secret' }, busy({ 'retry-after': '7' })), [429, 'provider_busy', 7]);
  assert.deepEqual(await refusalOf({ HUGGINGFACE_API_KEY: 'secret' }, busy({})), [429, 'provider_busy', 60]);
});

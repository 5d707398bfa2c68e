// Run by `deno test`: C-X7 and the text of 5.6, what is asked for and what is not, and what a provider is told.
import assert from 'node:assert/strict';
import { handle } from '../_shared/handle.ts';
import { project, request } from '../_shared/testing.ts';
import { dayText } from './local.ts';
import { insights } from './task.ts';

const DAY = {
  hours: 24, totalSamples: 8, avgFocus: 6.44, avgEnergy: 5.5, trend: 'improving' as const, peakTime: 10, topActivity: { name: 'deep_work', count: 4 },
  timeRange: { start: '2026-03-10T07:10:00+00:00', end: '2026-03-10T14:00:00+00:00' }, coverage: 'complete',
};
const C_X7 = 'In the last 24 hours: 8 samples. Focus 6.44 on average, improving. Energy 5.50 on average. Best hour 10:00. Mostly deep_work (4 of 8).';
const PATTERNS = { urges: 2, leaks: 1, transmuted: 1, transmutationRate: 50, topLeakHour: 21, topKata: 'breath', trend: 'stable' };
const OPENAI = 'https://api.openai.com/v1/chat/completions';

async function asked(body: unknown, { env = {}, provider = () => Response.json({}) }: { env?: Record<string, string>; provider?: () => Response } = {}) {
  const upstream = project({
    '/rest/v1/rpc/thermocline_take': () => Response.json(true),
    '/rest/v1/rpc/context_insights': () => Response.json(DAY),
    [OPENAI]: provider,
  }, env);
  const answer = await handle(insights, request(body), upstream);
  return { status: answer.status, body: await answer.json(), calls: upstream.calls };
}

Deno.test('C-X7: the figures of the day in words', async () => {
  const { status, body, calls } = await asked({ kind: 'day' });
  assert.deepEqual([status, body], [200, { text: C_X7, figures: DAY, origin: 'local' }]);
  assert.deepEqual(calls.map((call) => call.body), [{ function: 'generate_insights' }, { hours: 24 }]);
  assert.deepEqual((await asked({ kind: 'day', hours: 168 })).calls[1].body, { hours: 168 });
});

Deno.test('a part without data is left out', () => {
  const none = { ...DAY, totalSamples: 0, avgFocus: 0, avgEnergy: 0, trend: 'stable' as const, peakTime: null, topActivity: null };
  assert.equal(dayText(none), 'In the last 24 hours: no samples.');
  assert.equal(dayText({ ...DAY, hours: 1, totalSamples: 1, avgFocus: 4, peakTime: 9, topActivity: { name: 'rest', count: 1 } }),
    'In the last hour: 1 sample. Focus 4.00 on average, improving. Energy 5.50 on average. Best hour 09:00. Mostly rest (1 of 1).');
});

Deno.test('an attunement is answered from the pattern figures', async () => {
  const { status, body, calls } = await asked({ kind: 'attunement', question: 'What helped?', figures: { ...PATTERNS, secret: 'journal' } });
  assert.deepEqual([status, body.origin, body.figures], [200, 'local', PATTERNS]);
  assert.equal(body.text, 'In the last 30 days: 1 of 2 urges transmuted (50 %), steady. 1 leak, most around 21:00. Practised most: breath.');
  assert.equal(calls.length, 1, 'nothing is read');
  const nothing = { urges: 0, leaks: 0, transmuted: 0, trend: 'stable' };
  assert.match((await asked({ kind: 'attunement', question: 'q', figures: nothing })).body.text, /^Nothing was logged/);
});

Deno.test('what it does not take answers 422 and is not counted', async () => {
  const question = 'q';
  const bad = [{}, { kind: 'week' }, { kind: 'day', hours: 0 }, { kind: 'day', hours: 169 }, { kind: 'day', hours: 1.5 }, { kind: 'day', hours: '24' }, { kind: 'day', hours: null },
    { kind: 'attunement', figures: PATTERNS }, { kind: 'attunement', question: ' ', figures: PATTERNS }, { kind: 'attunement', question: 'q'.repeat(501), figures: PATTERNS },
    { kind: 'attunement', question }, { kind: 'attunement', question, figures: [] }, { kind: 'attunement', question, figures: { ...PATTERNS, urges: -1 } },
    { kind: 'attunement', question, figures: { ...PATTERNS, topLeakHour: 24 } }, { kind: 'attunement', question, figures: { ...PATTERNS, topKata: 'k'.repeat(501) } },
    { kind: 'attunement', question, figures: { ...PATTERNS, trend: 'up' } }];
  for (const body of bad) {
    const { status, body: answer, calls } = await asked(body);
    assert.deepEqual([status, answer.error?.code, calls.length], [422, 'invalid_request', 0], JSON.stringify(body));
  }
});

Deno.test('with a key the provider writes, is told figures only, and is held to 120 words', async () => {
  const said = (content: string) => () => Response.json({ choices: [{ message: { content } }] });
  const { body, calls } = await asked({ kind: 'day' }, { env: { OPENAI_API_KEY: 'secret' }, provider: said(' A good day. ') });
  assert.deepEqual([body.text, body.origin], ['A good day.', 'openai']);
  const told = JSON.stringify(calls[2].body);
  assert.equal(calls[2].headers.get('authorization'), 'Bearer secret');
  assert.ok(told.includes('6.44') && !told.includes('user-1') && calls[2].headers.get('apikey') === null);
  const long = await asked({ kind: 'day' }, { env: { OPENAI_API_KEY: 'secret' }, provider: said('word '.repeat(500)) });
  assert.equal(long.body.text.split(' ').length, 121, '120 words and the mark that more was cut');
});

Deno.test('a provider that fails, or has nothing to say, is replaced by the local text', async () => {
  const failing = [() => new Response('busy', { status: 429 }), () => Response.json({ choices: [] }), () => new Response('not json'), () => { throw new TypeError('unreachable'); }];
  for (const provider of failing) {
    const { status, body } = await asked({ kind: 'day' }, { env: { OPENAI_API_KEY: 'secret' }, provider });
    assert.deepEqual([status, body.text, body.origin], [200, C_X7, 'local']);
  }
});

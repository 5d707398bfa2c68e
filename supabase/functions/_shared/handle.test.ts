// Run by `deno test`: what stands before every function of ours: good, bad, unauthorised, oversized and truncated requests.
import assert from 'node:assert/strict';
import { handle, type Task } from './handle.ts';
import { invalid } from './refusal.ts';
import { project, request, tokenOf } from './testing.ts';

const echo: Task<{ word: string }> = {
  takes: 'generate_insights',
  parse(body) {
    const word = (body as { word?: unknown } | null)?.word;
    if (typeof word !== 'string') throw invalid('word must be a text');
    return { word };
  },
  answer: ({ word }, caller) => Promise.resolve({ word, who: caller.id }),
};
const taken = { '/rest/v1/rpc/thermocline_take': () => Response.json(true) };

async function asked(asking: Request, answers: Parameters<typeof project>[0] = taken, task = echo) {
  const upstream = project(answers);
  const answer = await handle(task, asking, upstream);
  const body = answer.status === 204 ? null : await answer.json();
  return { status: answer.status, body, code: body?.error?.code, headers: answer.headers, calls: upstream.calls };
}

Deno.test('a good call is counted, carried out as the user, and answered', async () => {
  const { status, body, headers, calls } = await asked(request({ word: 'hello' }));
  assert.deepEqual([status, body], [200, { word: 'hello', who: 'user-1' }]);
  assert.equal(headers.get('access-control-allow-origin'), '*');
  assert.deepEqual(calls.map((call) => [call.path, call.body]), [['/rest/v1/rpc/thermocline_take', { function: 'generate_insights' }]]);
  assert.equal(calls[0].headers.get('authorization'), `Bearer ${tokenOf({})}`);
});

Deno.test('browsers may ask first; only POST is taken', async () => {
  assert.equal((await asked(new Request('http://f/echo', { method: 'OPTIONS' }))).status, 204);
  const got = await asked(request(undefined, { method: 'GET' }));
  assert.deepEqual([got.status, got.code], [405, 'method_not_allowed']);
});

Deno.test('without a signed-in user it answers 401 and calls nothing', async () => {
  const headers: Record<string, string>[] = [{}, { apikey: 'k' }, { authorization: `Bearer ${tokenOf({})}` }, { apikey: 'k', authorization: 'Bearer k' },
    { apikey: 'k', authorization: `Basic ${tokenOf({})}` }, { apikey: 'k', authorization: `Bearer ${tokenOf({ role: 'anon' })}` },
    { apikey: 'k', authorization: `Bearer ${tokenOf({ sub: undefined })}` }, { apikey: 'k', authorization: 'Bearer a.%%%.c' }];
  for (const each of headers) {
    const { status, code, calls } = await asked(request({ word: 'x' }, { headers: each }));
    assert.deepEqual([status, code, calls.length], [401, 'unauthorized', 0], JSON.stringify(each));
  }
});

Deno.test('an anonymous user is refused unless the function takes them', async () => {
  const headers = { apikey: 'k', authorization: `Bearer ${tokenOf({ is_anonymous: true })}` };
  const { status, code, calls } = await asked(request({ word: 'x' }, { headers }));
  assert.deepEqual([status, code, calls.length], [403, 'forbidden', 0]);
  const open = await asked(request({ word: 'x' }, { headers }), taken, { ...echo, anonymous: true });
  assert.equal(open.status, 200);
});

Deno.test('a body that is no JSON, no text, or cut off answers 400; one that is not what is asked for 422', async () => {
  for (const body of ['', '{"word":', 'word', new Uint8Array([0xff, 0xfe])]) {
    const { status, calls } = await asked(request(body));
    assert.deepEqual([status, calls.length], [400, 0], String(body));
  }
  const cut = new ReadableStream({ start: (out) => (out.enqueue(new TextEncoder().encode('{"wo')), out.error(new Error('cut'))) });
  assert.deepEqual((({ status, code }) => [status, code])(await asked(request(cut))), [400, 'truncated']);
  for (const body of ['null', '[]', '{}', '{"word":1}']) {
    const { status, code, calls } = await asked(request(body));
    assert.deepEqual([status, code, calls.length], [422, 'invalid_request', 0], body);
  }
});

Deno.test('a body that is too large, or says it is, answers 413 and is no longer read', async () => {
  const large = JSON.stringify({ word: 'x'.repeat(70_000) });
  assert.deepEqual((({ status, code }) => [status, code])(await asked(request(large))), [413, 'too_large']);
  let sent = 0;
  const endless = new ReadableStream({ pull: (out) => (sent += 1000, out.enqueue(new Uint8Array(1000).fill(32))) });
  assert.equal((await asked(request(endless))).status, 413);
  assert.ok(sent < 80_000, `${sent} bytes were taken`);
  assert.equal((await asked(request(large), taken, { ...echo, bodyBytes: 100_000 })).status, 200);
});

Deno.test('a limit that is reached answers 429', async () => {
  const { status, code } = await asked(request({ word: 'x' }), { '/rest/v1/rpc/thermocline_take': () => Response.json(false) });
  assert.deepEqual([status, code], [429, 'rate_limited']);
});

Deno.test('what the project refuses is passed on, what it fails at is 502, what is not installed says so', async () => {
  const answers: [Response | (() => Response), number, string][] = [
    [Response.json({ code: 'PGRST301', message: 'expired' }, { status: 401 }), 401, 'unauthorized'],
    [Response.json({ code: '42501', message: 'no' }, { status: 403 }), 403, 'forbidden'],
    [Response.json({ code: '22023', message: 'hours must be' }, { status: 400 }), 422, 'invalid_request'],
    [Response.json({ message: 'slow down' }, { status: 429, headers: { 'retry-after': '7' } }), 429, 'rate_limited'],
    [Response.json({ code: 'PGRST202' }, { status: 404 }), 500, 'not_installed'],
    [new Response('bad gateway', { status: 503 }), 502, 'upstream_failed'],
    [() => { throw new TypeError('unreachable'); }, 502, 'upstream_unreachable'],
  ];
  for (const [answer, status, code] of answers) {
    const found = await asked(request({ word: 'x' }), { '/rest/v1/rpc/thermocline_take': () => (typeof answer === 'function' ? answer() : answer) });
    assert.deepEqual([found.status, found.code], [status, code]);
    if (status === 429) assert.equal(found.headers.get('retry-after'), '7');
  }
});

Deno.test('a function that fails answers 500 and tells nothing of what it held', async () => {
  const failing = { ...echo, answer: (): Promise<object> => Promise.reject(new Error('secret words')) };
  const { status, body } = await asked(request({ word: 'x' }), taken, failing);
  assert.equal(status, 500);
  assert.ok(!JSON.stringify(body).includes('secret'));
});

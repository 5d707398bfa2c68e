// Run by `deno test`: the file's lines, what is refused, and a lease that is always given back.
import assert from 'node:assert/strict';
import { handle } from '../_shared/handle.ts';
import { type Call, project, request } from '../_shared/testing.ts';
import { history } from './task.ts';

const RANGE = { from: '2026-03-01', to: '2026-03-10' };
const snapshot = (n: number) => `{"id": "${n}", "kind": "snapshot", "focus_level": 5.00}\n`;

/** A project with so many snapshots, in pages of two. */
function withSnapshots(total: number, more: Parameters<typeof project>[0] = {}) {
  return project({
    '/rest/v1/rpc/thermocline_take': () => Response.json(true),
    '/rest/v1/rpc/thermocline_release': () => new Response(null, { status: 204 }),
    '/rest/v1/rpc/context_history_days': () => Response.json({ snapshots: total, daily_insights: 1, lines: '{"kind": "daily_insight", "date": "2026-03-10"}\n' }),
    '/rest/v1/rpc/context_history': ({ body }: Call) => {
      const { after_id: after = 0 } = body as { after_id?: number };
      const ids = Array.from({ length: Math.min(2, total - after) }, (_, n) => after + n + 1);
      return Response.json({ count: ids.length, lines: ids.map(snapshot).join(''), last: ids.length ? { after_recorded_at: 't', after_id: ids.at(-1) } : null });
    },
    ...more,
  });
}
const released = (upstream: ReturnType<typeof project>) => upstream.calls.filter((call) => call.path.endsWith('thermocline_release')).length;
const textOf = async (answer: Response) => await new Response(answer.body!.pipeThrough(new DecompressionStream('gzip'))).text();

Deno.test('a manifest, the snapshots page by page as they are written, the days, and the end', async () => {
  const upstream = withSnapshots(5);
  const answer = await handle(history, request(RANGE), upstream);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="context-2026-03-01-2026-03-10.json.gz"');
  assert.equal(answer.headers.get('content-type'), 'application/octet-stream');
  const [manifest, ...rest] = (await textOf(answer)).trimEnd().split('\n');
  const { generated_at, ...said } = JSON.parse(manifest);
  assert.deepEqual(said, { kind: 'manifest', format: 1, ...RANGE, counts: { snapshots: 5, daily_insights: 1 } });
  assert.ok(Math.abs(Date.parse(generated_at) - Date.now()) < 60_000);
  assert.equal(`${rest.slice(0, 5).join('\n')}\n`, [1, 2, 3, 4, 5].map(snapshot).join(''));
  assert.deepEqual(rest.slice(5).map((line) => JSON.parse(line)), [{ kind: 'daily_insight', date: '2026-03-10' }, { kind: 'end', counts: { snapshots: 5, daily_insights: 1 } }]);
  assert.equal(released(upstream), 1);
  const asked = upstream.calls.find((call) => call.path.endsWith('context_history'))!.body;
  assert.deepEqual(asked, { first_day: '2026-03-01', last_day: '2026-03-10' });
});

Deno.test('a range may be one day; nothing in it is an empty file', async () => {
  const upstream = withSnapshots(0);
  const answer = await handle(history, request({ from: '2026-03-01', to: '2026-03-01' }), upstream);
  assert.deepEqual((await textOf(answer)).trimEnd().split('\n').map((line) => JSON.parse(line).kind), ['manifest', 'daily_insight', 'end']);
  assert.deepEqual(upstream.calls[1].body, { first_day: '2026-03-01', last_day: '2026-03-01' });
});

Deno.test('a range that is none answers 422, and nothing is taken', async () => {
  const bad = [{}, null, { from: '2026-03-01' }, { from: '2026-03-10', to: '2026-03-01' }, { from: '2026-13-01', to: '2026-12-01' }, { from: 1, to: 2 },
    { from: '2026-02-30', to: '2026-03-02' }, { from: '2026-03-01T00:00Z', to: '2026-03-02' }, { from: '2026-03-01"; x', to: '2026-03-02' }, { from: '26-03-01', to: '26-03-02' }];
  for (const range of bad) {
    const upstream = withSnapshots(1);
    const answer = await handle(history, request(range === null ? 'null' : range), upstream);
    assert.deepEqual([answer.status, (await answer.json()).error.code, upstream.calls.length], [422, 'invalid_request', 0], JSON.stringify(range));
  }
});

Deno.test('while one runs, another answers 429', async () => {
  const answer = await handle(history, request(RANGE), withSnapshots(1, { '/rest/v1/rpc/thermocline_take': () => Response.json(false) }));
  assert.deepEqual([answer.status, (await answer.json()).error.code], [429, 'rate_limited']);
});

Deno.test('the lease is given back when the project fails before the file, or in its midst, and when nobody reads on', async () => {
  const failing = () => new Response('down', { status: 503 });
  const before = withSnapshots(1, { '/rest/v1/rpc/context_history_days': failing });
  assert.equal((await handle(history, request(RANGE), before)).status, 502);
  assert.equal(released(before), 1);

  let pages = 0;
  const midst = withSnapshots(9, { '/rest/v1/rpc/context_history': () => (++pages > 2 ? failing() : Response.json({ count: 1, lines: snapshot(pages), last: { after_id: pages } })) });
  const cut = await handle(history, request(RANGE), midst);
  await assert.rejects(textOf(cut), 'a file that was cut off cannot be taken for a whole one');
  assert.equal(released(midst), 1);

  const left = withSnapshots(1_000_000);
  const answer = await handle(history, request(RANGE), left);
  const reader = answer.body!.getReader();
  await reader.read();
  await reader.cancel();
  for (let turn = 0; turn < 1_000 && released(left) === 0; turn++) await new Promise((resolve) => setTimeout(resolve));
  assert.equal(released(left), 1);
  assert.ok(left.calls.length < 100_000, 'and it is no longer read');
});

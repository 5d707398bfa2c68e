// What every function that devices call must refuse, asked of one of them.
import assert from 'node:assert/strict';
import { handle, type Task } from './handle.ts';
import { project, request, tokenOf } from './testing.ts';

const BODY_BYTES = 64 * 1024;

/** Asks as nobody, as an anonymous user, with too much, with no JSON, and over the limit; `good` is a body that it takes. */
export async function refusesOthers<Body>(task: Task<Body>, good: object): Promise<void> {
  const take = '/rest/v1/rpc/thermocline_take';
  async function told(asking: Request, isOver = false) {
    const upstream = project({ [take]: () => Response.json(!isOver) });
    const answer = await handle(task, asking, upstream);
    return [answer.status, (await answer.json()).error?.code, upstream.calls.filter((call) => call.path !== take).length];
  }
  const by = (claims: object) => ({ headers: { apikey: 'k', authorization: `Bearer ${tokenOf({ ...claims })}` } as Record<string, string> });
  assert.deepEqual(await told(request(good, { headers: {} })), [401, 'unauthorized', 0]);
  assert.deepEqual(await told(request(good, by({ role: 'anon' }))), [401, 'unauthorized', 0]);
  assert.deepEqual(await told(request(good, by({ is_anonymous: true }))), [403, 'forbidden', 0]);
  assert.deepEqual(await told(request({ ...good, padding: 'x'.repeat(BODY_BYTES) })), [413, 'too_large', 0]);
  assert.deepEqual(await told(request('{"half":')), [400, 'invalid_json', 0]);
  assert.deepEqual(await told(request(good), true), [429, 'rate_limited', 0]);
}

/** Asserts that none of these bodies is taken, or counted. */
export async function refusesBodies<Body>(task: Task<Body>, bad: unknown[]): Promise<void> {
  for (const body of bad) {
    const upstream = project({});
    const answer = await handle(task, request(JSON.stringify(body)), upstream);
    assert.deepEqual([answer.status, (await answer.json()).error?.code, upstream.calls.length], [422, 'invalid_request', 0], JSON.stringify(body).slice(0, 200));
  }
}

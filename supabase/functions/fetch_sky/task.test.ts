// Run by `deno test`: P-X7, what a provider is asked, and what is refused.
import assert from 'node:assert/strict';
import { handle } from '../_shared/handle.ts';
import { refusesBodies, refusesOthers } from '../_shared/refusals.testing.ts';
import { project, request } from '../_shared/testing.ts';
import { moonAt } from './moon.ts';
import { sky } from './task.ts';

const PLACE = { latitude: 52.52, longitude: 13.4 };
const BIRTH = { date: '1990-02-28', time: '07:30', ...PLACE };
const ASTRONOMY = 'https://api.ipgeolocation.io/v3/astronomy';
const CHARTS = 'https://charts.example.com/v1';

/** Asks with these secrets; providers answer `given`. */
async function asked(body: object, env: Record<string, string> = {}, given: () => Response = () => Response.json({})) {
  const answers: Record<string, () => Response> = { '/rest/v1/rpc/thermocline_take': () => Response.json(true) };
  for (const kind of ['natal', 'transits', 'trading']) answers[`${CHARTS}/${kind}`] = given;
  const told: URL[] = [];
  const upstream = project(answers, env);
  const through: typeof fetch = (input, init) => {
    told.push(new URL(String(input)));
    return String(input).startsWith(ASTRONOMY) ? Promise.resolve().then(given) : upstream.fetch(input, init);
  };
  const answer = await handle(sky, request(body), { ...upstream, fetch: through });
  return { status: answer.status, body: await answer.json(), calls: upstream.calls, told: told.slice(1) };
}

Deno.test('P-X7: the moon of two days in March', async () => {
  assert.deepEqual(moonAt(Date.parse('2026-03-10T12:00Z')), { age: 21.36, phase: 6, litPercent: 58 });
  assert.deepEqual(moonAt(Date.parse('2026-03-03T12:00Z')), { age: 14.36, phase: 4, litPercent: 100 });
  assert.deepEqual(moonAt(Date.parse('2000-01-06T18:14Z')), { age: 0, phase: 0, litPercent: 0 });
  assert.equal(moonAt(Date.parse('1999-12-23T18:14Z')).phase, 4);
  const { status, body, told } = await asked({ kind: 'cosmic', date: '2026-03-10', location: { ...PLACE, city: 'Berlin', ours: 1 } });
  assert.deepEqual([status, body], [200, { origin: 'local', location: { ...PLACE, city: 'Berlin' }, astronomy: { date: '2026-03-10', moon: { age: 21.36, phase: 6, litPercent: 58 } } }]);
  assert.equal(told.length, 0);
});

Deno.test('without a day it is the present one, without a place there is none', async () => {
  const { body } = await asked({ kind: 'cosmic' });
  assert.deepEqual([body.origin, body.location], ['local', {}]);
  assert.ok(Math.abs(Date.parse(body.astronomy.date) - Date.now()) < 2 * 86_400_000);
  assert.deepEqual((await asked({ kind: 'cosmic', date: null, location: { latitude: null, longitude: null, city: 'Rome' } })).body.location, { city: 'Rome' });
});

Deno.test('a provider\'s JSON is answered as it is; it is told the place and the day, nothing of the caller', async () => {
  const found = { location: { city: 'Berlin' }, astronomy: { sunrise: '06:30', moon_phase: 'LAST_QUARTER' } };
  const { status, body, told } = await asked({ kind: 'cosmic', date: '2026-03-10', location: { ...PLACE, city: 'Secret' } }, { IPGEOLOCATION_API_KEY: 'key' }, () => Response.json(found));
  assert.deepEqual([status, body], [200, found]);
  assert.equal(told[0].search, '?apiKey=key&lat=52.52&long=13.4&date=2026-03-10');
  const nowhere = await asked({ kind: 'cosmic', date: '2026-03-10' }, { IPGEOLOCATION_API_KEY: 'key' });
  assert.deepEqual([nowhere.body.origin, nowhere.told.length], ['local', 0], 'without a place it would tell of this server\'s');
});

Deno.test('charts come from a provider, or not at all', async () => {
  for (const kind of ['natal', 'transits', 'trading']) {
    assert.deepEqual((await asked({ kind, birth_data: BIRTH })).body, { origin: 'local' });
    const env = { RAPIDAPI_KEY: 'key', ASTROLOGY_URL: CHARTS };
    const { body, calls } = await asked({ kind, birth_data: { ...BIRTH, name: 'Ann' }, date: '2026-03-10' }, env, () => Response.json({ sun: 'fish' }));
    assert.deepEqual(body, { sun: 'fish' });
    assert.deepEqual([calls[1].body, calls[1].headers.get('x-rapidapi-key'), calls[1].headers.get('x-rapidapi-host'), calls[1].headers.get('authorization')],
      [{ birth_data: BIRTH, date: '2026-03-10' }, 'key', 'charts.example.com', null]);
  }
});

Deno.test('a provider that fails answers 502, one that is busy 429: the device keeps what it has', async () => {
  const env = { IPGEOLOCATION_API_KEY: 'key', RAPIDAPI_KEY: 'key', ASTROLOGY_URL: CHARTS };
  for (const body of [{ kind: 'cosmic', location: PLACE }, { kind: 'natal', birth_data: BIRTH }]) {
    for (const given of [() => new Response('no', { status: 500 }), () => new Response('not json'), () => { throw new TypeError('unreachable'); }]) {
      const { status, body: said } = await asked(body, env, given);
      assert.deepEqual([status, said.error.code], [502, 'provider_failed']);
    }
    assert.equal((await asked(body, env, () => new Response('busy', { status: 429 }))).status, 429);
  }
});

Deno.test('who may not, and what is not taken, is refused', async () => {
  await refusesOthers(sky, { kind: 'cosmic', date: '2026-03-10' });
  const birth = (change: object) => ({ kind: 'natal', birth_data: { ...BIRTH, ...change } });
  const at = (location: unknown) => ({ kind: 'cosmic', location });
  await refusesBodies(sky, [null, [], {}, { kind: 'moon' }, { kind: 7 }, { kind: 'cosmic', date: '2026-02-30' }, { kind: 'cosmic', date: '10.3.2026' }, { kind: 'cosmic', date: 20260310 },
    at('Berlin'), at([]), at({ latitude: 91, longitude: 0 }), at({ latitude: 0, longitude: -181 }), at({ latitude: 1 }), at({ latitude: '1', longitude: 1 }), at({ city: 7 }), at({ city: 'c'.repeat(501) }),
    { kind: 'natal' }, { kind: 'transits', birth_data: [] }, birth({ time: '25:00' }), birth({ time: undefined }), birth({ date: '1990-13-01' }), birth({ latitude: undefined }), birth({ longitude: NaN })]);
});

// Run by `deno test`: what a batch's log row says, and that it holds no content.
import assert from 'node:assert/strict';
import { type Passed, rowOf } from './log.ts';

const batch = [{ t: 'entries', op: 'ins', rows: [{ title: 'private' }, { title: 'private' }] }, { t: 'notes', op: 'upd', rows: [{}, {}, {}, {}, {}] }];
const passed = (answer: unknown, more: Partial<Passed> = {}): Passed =>
  ({ push: { client: 'a device', batch }, bytes: 321, ms: 12.6, status: 200, answer: JSON.stringify(answer), ...more });
const base = { client_id: 'a device', function: 'apply_deltas', received: 7, bytes_in: 321, compressed: true, duration_ms: 13 };
const counted = (applied: number, duplicates: number, conflicts: number, rejected: number) => ({ applied, duplicates, conflicts, rejected });

Deno.test('outcomes are counted, each once; the numbers add up to what was received', () => {
  const groups = [[['applied', '1', null], ['merged', '1', { row: { title: 'private' } }]],
    [['applied', '1', null, 'duplicate'], ['superseded', '1', null], ['conflict', '1', null], ['rejected', null, { error: { code: '23514', message: 'private' } }], ['blocked', null, null]]];
  const row = rowOf(passed({ status: 'ok', groups }));
  assert.deepEqual(row, { ...base, ...counted(2, 1, 2, 2), status: 'partial', error_code: 'conflict' });
  assert.ok(!JSON.stringify(row).includes('private'));
});

Deno.test('a batch that was taken is ok, a superseded mutation included; a refused one says the first code', () => {
  assert.deepEqual(rowOf(passed({ status: 'ok', groups: [[['applied', '1', null], ['superseded', '1', null]]] })), { ...base, ...counted(1, 0, 1, 0), status: 'ok', error_code: null });
  const refused = rowOf(passed({ status: 'ok', groups: [[['applied', '1', null], ['rejected', null, { error: { code: '23505' } }], ['hidden', null, null]]] }));
  assert.deepEqual(refused, { ...base, ...counted(1, 0, 0, 2), status: 'partial', error_code: '23505' });
  assert.equal(rowOf(passed({ status: 'ok', groups: [[['rejected', null, { error: { code: '23505' } }, 'duplicate']]] }))?.status, 'ok');
});

Deno.test('a batch that failed says why', () => {
  const failed = (code: string) => ({ ...base, status: 'failed', error_code: code });
  assert.deepEqual(rowOf(passed({ status: 'busy' })), failed('busy'));
  assert.deepEqual(rowOf(passed({ code: 'PT413', message: 'x' }, { status: 413 })), failed('PT413'));
  assert.deepEqual(rowOf(passed(null, { status: 502, answer: '' })), failed('502'));
  assert.deepEqual(rowOf(passed(null, { status: 503, answer: '<html>' })), failed('503'));
  assert.deepEqual(rowOf(passed(7)), failed('unreadable'));
});

Deno.test('log rows are not logged, nor is who may not write', () => {
  assert.equal(rowOf(passed({ status: 'ok', groups: [] }, { push: { client: 'c', batch: [{ t: 'sync_logs', rows: [{}] }] } })), undefined);
  assert.equal(rowOf(passed({}, { status: 401 })), undefined);
  const long = rowOf(passed({ status: 'x'.repeat(100) }, { push: { client: 'c'.repeat(500), batch: [] } }));
  assert.deepEqual([String(long?.client_id).length, String(long?.error_code).length], [100, 64]);
});

// How often things took effect: on the server by a ledger that a trigger keeps, on the device by its outbox.

import assert from 'node:assert/strict'
import { textsOf } from '../../e2e/harness/rows.mjs'

/** Has PostgreSQL note every version of a row that it writes from now on. */
export async function keepLedger(server) {
  await server.sql('create table public.ledger (n bigint generated always as identity, op text, version jsonb)')
  await server.sql(`create function public.note() returns trigger language plpgsql security definer set search_path = '' as $$
    begin
      insert into public.ledger (op, version) values (tg_op,
        (case tg_op when 'DELETE' then to_jsonb(old) else to_jsonb(new) end) - '{_rev,_at,updated_at}'::text[]);
      return null;
    end $$`)
  await server.sql('create trigger note after insert or update or delete on public.entries for each row execute function public.note()')
}

/** Versions that PostgreSQL wrote more than once: every write changes something. Empty is good. */
export function repeated(server) {
  return server.sql('select op, version, count(*) from public.ledger group by 1, 2 having count(*) > 1')
}

/** An outbox holds each change between the server's rows and the device's, once. */
export function checkOutbox(outbox, rows, stored, columns) {
  assert.equal(new Set(outbox.map(({ id }) => id)).size, outbox.length, 'a mutation is in the outbox twice')
  const byId = new Map(stored.map((row) => [row.id, row]))
  for (const { operation, key: [id], changes, state } of outbox) {
    assert.ok(['waiting', 'sent'].includes(state), `${operation} of ${id} is ${state}`)
    assert.equal(byId.has(id), operation !== 'insert', `${operation} of ${id}`)
    if (operation === 'delete') byId.delete(id)
    else byId.set(id, { ...byId.get(id), ...changes })
  }
  const written = ['id', ...columns]
  assert.deepEqual(textsOf(byId.values(), written), textsOf(rows, written), "the server's rows and the outbox make the device's")
}

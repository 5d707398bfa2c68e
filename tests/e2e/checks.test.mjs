// A row that violates a CHECK constraint of its table is refused at once, offline too, in PostgreSQL's words; nothing of it
// waits to be sent (RECIPES 1.5).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pageRows, serverRows } from './harness/rows.mjs'
import { startStack } from './harness/stack.mjs'
import { flushed, outboxOf, signedIn } from './harness/sync.mjs'

let stack
before(async () => { stack = await startStack() })
after(() => stack.stop())

test('what a check forbids is refused on the device as the server refuses it, and leaves nothing behind', async () => {
  const { server } = stack
  await server.sql(`alter table public.entries add constraint entries_kind_in_meta check (meta is null or meta ->> 'kind' = any ('{walk,talk}')),
    add constraint entries_slug_is_plain check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'), add constraint entries_open_has_body check (status <> 'open' or length(btrim(body)) > 0)`)
  const { person, page, id } = await signedIn(stack)
  const good = { title: 'good', body: 'b', mood: 5, slug: 'a-1', meta: { kind: 'walk' } }
  const bad = [
    [{ mood: 6 }, 'entries_mood_is_one_to_five'],
    [{ title: 'x'.repeat(501) }, 'entries_title_is_short'],
    [{ meta: { kind: 'run' } }, 'entries_kind_in_meta'],
    [{ slug: 'A 1' }, 'entries_slug_is_plain'],
    [{ body: ' ' }, 'entries_open_has_body'],
    [{ body: ' ', mood: 0, slug: 'é' }, 'entries_mood_is_one_to_five'],
  ]
  const online = []
  for (const [values] of bad) online.push(await direct(page, server, { ...good, ...values }))
  await person.offline(true)
  for (const [n, [values, constraint]] of bad.entries()) {
    const { status, error } = await insert(page, { ...good, ...values })
    const message = `new row for relation "entries" violates check constraint "${constraint}"`
    assert.deepEqual([status, error], [400, { code: '23514', details: null, hint: null, message }])
    assert.deepEqual([status, error], online[n], 'the server says the same')
  }
  assert.deepEqual([await outboxOf(page), await pageRows(page)], [[], []])

  const [row] = (await insert(page, good)).data
  const refused = await page.evaluate((id) => window.supabase.from('entries').update({ mood: 9, title: 'changed' }).eq('id', id), row.id)
  assert.deepEqual([refused.status, refused.error.code], [400, '23514'])
  assert.equal((await outboxOf(page)).length, 1)
  await person.offline(false)
  await flushed(page)
  assert.deepEqual((await serverRows(server, id)).map(({ title, mood }) => [title, mood]), [['good', 5]])
})

const insert = (page, row) => page.evaluate((row) => window.supabase.from('entries').insert(row).select(), row)

/** The same asked of the server itself. */
const direct = (page, server, row) => page.evaluate(async ([url, key, row]) => {
  const { access_token: token } = (await window.supabase.auth.getSession()).data.session
  const headers = { apikey: key, authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const response = await fetch(`${url}/rest/v1/entries`, { method: 'POST', headers, body: JSON.stringify(row) })
  return [response.status, await response.json()]
}, [server.url, server.anonKey, row])

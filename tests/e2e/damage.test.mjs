// What cannot be read on the device (invariant 12): the rest stays usable, and the bytes are kept aside, exported as
// they were found, and cleared; with and without encryption.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { appendFrame } from '../contexts/harness/raw.mjs'
import { pageRows } from './harness/rows.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { flushed, startSync } from './harness/sync.mjs'

const ROTTEN = [...new TextEncoder().encode('neither a frame nor a seal')]

let stack
before(async () => { stack = await startStack() })
after(() => stack.stop())

for (const encrypt of [false, true]) {
  test(`a damaged frame is kept aside and everything else is usable${encrypt ? ', sealed' : ''}`, async () => {
    const person = await stack.person({ encrypt })
    const page = await person.page()
    const id = await signIn(page, newUser())
    await startSync(page)
    await insert(page, 'before')
    assert.deepEqual(await listed(page), [])
    const seq = await appendFrame(page, id, ROTTEN)
    await page.close()

    const later = await person.page()
    const record = { name: `frame/${seq}`, bytes: ROTTEN.length }
    assert.deepEqual(await listed(later), [record])
    assert.deepEqual(await later.evaluate(async (name) => [...(await window.tc.storage.quarantine.read(name))], record.name), ROTTEN)
    const refused = await later.evaluate(() => window.tc.storage.quarantine.read('frame/0').catch(({ code }) => code))
    assert.equal(refused, 'invalid_request')
    await insert(later, 'after')
    await flushed(later)
    assert.deepEqual((await pageRows(later)).map(({ title }) => title).sort(), ['after', 'before'])

    await later.evaluate(() => window.tc.storage.quarantine.clear())
    assert.deepEqual(await listed(later), [])
    await later.close()
    assert.deepEqual(await listed(await person.page()), [], 'and it is not found again')
  })
}

const insert = (page, title) => page.evaluate((given) => window.supabase.from('entries').insert({ title: given }).throwOnError().then(() => null), title)
const listed = (page) => page.evaluate(() => window.tc.storage.quarantine.list())

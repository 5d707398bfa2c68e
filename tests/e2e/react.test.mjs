// React's hooks in real React, oldest and newest: what they render is what the database says, in StrictMode, and nobody listens
// any more once a view is gone.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { useLive, useOutbox, useStatus } from 'thermocline/react'
import { builtReactApp } from './harness/react.mjs'
import { newUser, signIn, startStack } from './harness/stack.mjs'
import { flushed, startSync } from './harness/sync.mjs'
import { until } from './harness/until.mjs'

/** The packages are the newest React's; its markup is the older one's, too. */
const onServer = () => renderToString(createElement(() => {
  const { state, pending } = useStatus(null)
  const { loading } = useLive(null, 'entries')
  const { entries } = useOutbox(null)
  return createElement('section', null,
    createElement('p', { id: 'status' }, `${state}, ${pending} pending`),
    createElement('p', { id: 'outbox' }, entries.join()),
    createElement('p', { id: 'rows' }, loading ? 'loading' : 'none'))
}))

for (const version of [18, 19]) {
  test(`React ${version}: views follow status, rows and outbox, ask nothing twice, and leave nothing behind`, async (t) => {
    const stack = await startStack({ staticDir: await builtReactApp(version) })
    t.after(() => stack.stop())
    const person = await stack.person()
    const page = await person.page()
    assert.match(await page.evaluate(() => window.version), new RegExp(`^${version}\\.`))
    const said = []
    page.on('console', (message) => { if (['error', 'warning'].includes(message.type()) && !/Failed to load/.test(message.text())) said.push(message.text()) })
    const shown = (id) => page.locator(`#${id}`).innerText()
    const shows = (id, text) => until(`#${id}: ${text}`, async () => (await shown(id)) === text)
    const listening = () => page.evaluate(() => window.listening)
    await signIn(page, newUser())
    await startSync(page)

    assert.equal(await page.evaluate(() => window.tc.status() === window.tc.status()), true, 'one object until it changes')
    assert.deepEqual(await page.evaluate((html) => window.hydrate(html), onServer()), [])
    await shows('rows', 'loading')
    await page.evaluate(() => window.render({}))
    await shows('rows', '')
    await shows('status', 'idle, 0 pending')

    await person.offline(true)
    await page.evaluate(() => window.supabase.from('entries').insert([['b', 'open'], ['a', 'open'], ['c', 'done']].map(([title, status]) => ({ title, status }))).throwOnError())
    await shows('rows', 'a,b')
    await shows('status', 'offline, 3 pending')
    await shows('outbox', 'insert waiting,insert waiting,insert waiting')
    const before = await listening()
    await page.evaluate(() => window.render({}))
    await page.evaluate(() => window.supabase.from('entries').update({ title: 'd' }).eq('title', 'a').throwOnError())
    await shows('rows', 'b,d')
    assert.deepEqual(await listening(), before, 'a query made anew that asks the same is the same')

    await page.evaluate(() => window.render({ status: 'done' }))
    await shows('rows', 'c')
    await page.evaluate(() => { window.renders.length = 0; window.render({ status: 'open', keepRows: true }) })
    await shows('rows', 'b,d')
    const renders = await page.evaluate(() => window.renders)
    assert.ok(renders[0] === 'open: c …' && renders.every((line) => line !== 'open:  …'), `${renders}`)

    await person.offline(false)
    await flushed(page)
    await shows('outbox', '')
    await shows('status', 'idle, 0 pending')
    await page.evaluate(() => window.render({ supabase: null, status: 'open&or=(nonsense' }))
    await until('the error', async () => /^live query: /.test(await shown('rows')))

    await page.evaluate(() => window.leave())
    const after = await listening()
    assert.ok(after.ever > 3, 'StrictMode subscribes twice')
    assert.equal(after.now, 0)
    assert.deepEqual(said, [])
  })
}

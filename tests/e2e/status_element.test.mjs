// <thermocline-status>: what it shows and says of a real database, and of every status there can be; it is usable before it is
// defined, leaves nothing behind, and can be read by everyone.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { violations } from './harness/axe.mjs'
import { leaveChecksToServer, startStack } from './harness/stack.mjs'
import { flushed, signedIn } from './harness/sync.mjs'
import { until } from './harness/until.mjs'

let stack
before(async () => {
  stack = await startStack()
  await leaveChecksToServer(stack.server)
})
after(() => stack.stop())

const part = (page, name) => page.locator(`thermocline-status [part="${name}"]`)
const text = (page, name) => part(page, name).innerText()
const shows = (page, name, wanted) => until(`${name}: ${wanted}`, async () => {
  const shown = await text(page, name)
  return wanted instanceof RegExp ? wanted.test(shown) : shown === wanted
})

test('it follows a database from before it is defined until it is removed, and again once it is back', async () => {
  const { person, page } = await signedIn(stack)
  await page.evaluate(() => {
    const { tc } = window
    window.listening = 0
    const on = (event, callback) => {
      const stop = tc.on(event, callback)
      window.listening += 1
      return () => { window.listening -= 1; stop() }
    }
    window.element = document.createElement('thermocline-status')
    window.element.client = { ...tc, on }
    document.body.append(window.element)
  })
  assert.equal(await page.locator('thermocline-status').innerText(), '')
  await page.evaluate(async () => { await window.defineElement(); await window.defineElement() })
  await shows(page, 'state', 'Synced')
  await shows(page, 'announcement', 'Synced')
  await shows(page, 'detail', /^synced now$/)

  await person.offline(true)
  await page.evaluate(() => window.supabase.from('entries').insert({ title: 'a' }).throwOnError())
  await shows(page, 'state', 'Offline')
  await shows(page, 'detail', /^1 pending · synced /)
  await shows(page, 'announcement', 'Offline')
  await page.evaluate(() => { window.removed = window.element.parentNode.removeChild(window.element) })
  assert.equal(await page.evaluate(() => window.listening), 0)
  await person.offline(false)
  await flushed(page)
  await page.evaluate(() => { document.body.append(window.removed); document.body.prepend(window.removed) })
  await shows(page, 'state', 'Synced')
  assert.equal(await page.evaluate(() => window.listening), 1)
  await page.evaluate(() => { window.element.client = null })
  assert.equal(await page.evaluate(() => window.listening), 0)
  assert.equal(await page.locator('thermocline-status').innerText(), '')
})

test('a refused change is told of by a button, and its press by an event', async () => {
  const { page, id } = await signedIn(stack)
  await withElement(page)
  await page.evaluate(() => { window.element.client = window.tc; document.addEventListener('attention', ({ detail }) => { window.causes = detail.causes }) })
  await page.evaluate((user) => window.supabase.from('entries').insert({ user_id: user, title: 'refused', mood: 99 }), id)
  await page.evaluate(() => window.tc.sync.now())
  await shows(page, 'state', 'Needs you')
  await page.getByRole('button', { name: '1 refused' }).click()
  assert.deepEqual(await page.evaluate(() => window.causes), ['refused'])
  await shows(page, 'announcement', 'Needs you · 1 refused')
})

const HOUR_MS = 3_600_000
/** Status fields; what is shown as state, detail and attention. */
const CASES = [
  [{ state: 'limited', pending: 2, lastPull: -3 * 60_000 }, 'Server out of reach', '2 pending · synced 3 minutes ago', ''],
  [{ state: 'stopped' }, 'Sync is off', '', ''],
  [{ state: 'retry', pending: 1 }, 'Trying again', '1 pending', ''],
  [{ state: 'retry', pending: 1, attention: ['failing'] }, 'Trying again', '1 pending', 'Sync keeps failing'],
  [{ state: 'retry', error: { code: 'unauthorized', message: '' } }, 'Trying again', '', 'Sign in again'],
  [{ state: 'pushing', pending: 1_000, progress: { sent: 400, toSend: 1_400, received: 0 } }, 'Sending', '400 of 1,400 sent', ''],
  [{ state: 'pushing', pending: 3, progress: { sent: 0, toSend: 3, received: 0 } }, 'Sending', '3 pending', ''],
  [{ state: 'pulling', progress: { sent: 0, toSend: 0, received: 12_000 } }, 'Fetching', '12,000 rows fetched', ''],
  [{ state: 'idle', refused: 1, conflicts: 2 }, 'Needs you', '', '1 refused · 2 conflicts'],
  [{ state: 'idle', pending: 1, oldestPending: -49 * HOUR_MS, attention: ['overdue'] }, 'Waiting to be sent', '1 pending', 'Unsent change from 2 days ago'],
]

test('every state is in words, with an icon of its own, and breaks no rule of WCAG 2.2 AA', async () => {
  const page = await openPage()
  await withElement(page)
  for (const [fields, state, detail, attention] of CASES) {
    await given(page, fields)
    assert.deepEqual([await text(page, 'state'), await text(page, 'detail'), await text(page, 'attention')], [state, detail, attention], JSON.stringify(fields))
    assert.ok((await part(page, 'icon').locator('path').getAttribute('d')).length > 0)
    const bar = part(page, 'progress')
    assert.equal(await bar.isVisible(), state === 'Sending' && fields.pending > 3)
    if (await bar.isVisible()) assert.deepEqual(await bar.evaluate(({ value, max }) => [value, max]), [400, 1_400])
  }
  for (const colorScheme of ['light', 'dark']) {
    for (const [fields] of [CASES[5], CASES[8]]) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await given(page, fields)
      assert.deepEqual(await violations(page), [])
    }
  }
})

test('texts are replaced one by one, in the language of the page; data in them stays text', async () => {
  const page = await openPage()
  await withElement(page)
  await page.evaluate(() => {
    document.documentElement.lang = 'de'
    window.element.setAttribute('word-last', '{ago} abgeglichen')
    window.element.words = { pending: { one: '{count} Änderung wartet', other: '{count} Änderungen <b>warten</b>' }, offline: 'Kein Netz' }
  })
  await given(page, { state: 'offline', pending: 1_234, lastPush: -2 * HOUR_MS })
  assert.deepEqual([await text(page, 'state'), await text(page, 'detail')], ['Kein Netz', '1.234 Änderungen <b>warten</b> · vor 2 Stunden abgeglichen'])
  await given(page, { state: 'offline', pending: 1 })
  assert.equal(await text(page, 'detail'), '1 Änderung wartet')
  await page.evaluate(() => { document.documentElement.lang = 'no such language' })
  await given(page, { state: 'idle' })
  assert.equal(await text(page, 'state'), 'Synced')
})

test('compact it is one line without a button; a quick round is not announced; stillness is kept where it is asked for', async () => {
  const page = await openPage()
  await withElement(page)
  await page.evaluate(() => window.element.setAttribute('compact', ''))
  await given(page, { state: 'idle' })
  await shows(page, 'announcement', 'Synced')
  await page.evaluate(() => {
    window.announced = []
    new MutationObserver(() => window.announced.push(window.element.shadowRoot.querySelector('[part="announcement"]').textContent))
      .observe(window.element.shadowRoot.querySelector('[part="announcement"]'), { childList: true, characterData: true, subtree: true })
  })
  for (const state of ['pushing', 'pulling', 'idle', 'pulling', 'idle']) await given(page, { state, pending: state === 'pushing' ? 2 : 0 })
  await given(page, { state: 'idle', refused: 1, pending: 3 })
  assert.deepEqual([await text(page, 'state'), await part(page, 'attention').isVisible(), await part(page, 'detail').isVisible()], ['1 refused', false, false])
  await shows(page, 'announcement', '1 refused')
  assert.deepEqual(await page.evaluate(() => window.announced), ['1 refused'])
  await given(page, { state: 'offline', refused: 1, pending: 3 })
  assert.deepEqual([await text(page, 'state'), await text(page, 'detail')], ['Offline', '3 pending'])

  await given(page, { state: 'pulling' })
  const animation = () => part(page, 'icon').evaluate((icon) => getComputedStyle(icon).animationName)
  assert.equal(await animation(), 'turn')
  await page.emulateMedia({ reducedMotion: 'reduce' })
  assert.equal(await animation(), 'none')
})

test('it can have another name, and be imported on a server', async () => {
  const page = await openPage()
  const shown = await page.evaluate(async () => {
    const { defineThermoclineStatus, ThermoclineStatus } = await window.defineElement()
    defineThermoclineStatus('sync-state')
    defineThermoclineStatus('sync-state')
    document.body.innerHTML = '<sync-state></sync-state>'
    const element = document.body.firstElementChild
    return element instanceof ThermoclineStatus && element.shadowRoot !== null
  })
  assert.equal(shown, true)
  assert.equal(typeof (await import('thermocline/element')).ThermoclineStatus, 'function')
})

async function openPage() {
  const person = await stack.person()
  return person.page()
}

const withElement = (page) => page.evaluate(async () => {
  document.title = 'Status'
  document.documentElement.style.cssText = 'color-scheme: light dark; color: CanvasText; background: Canvas'
  document.body.innerHTML = '<main><h1>Status</h1><thermocline-status></thermocline-status></main>'
  await window.defineElement()
  window.element = document.querySelector('thermocline-status')
})

/** Shows a status with these fields; times are in milliseconds from now. */
const given = (page, fields) => page.evaluate((changes) => {
  const from = (time) => (time === undefined ? null : Date.now() + time)
  const { lastPush, lastPull, oldestPending } = changes
  const none = { refused: 0, conflicts: 0, pending: 0, attention: [], progress: null, error: null }
  const status = { ...none, ...changes, lastPush: from(lastPush), lastPull: from(lastPull), oldestPending: from(oldestPending) }
  window.element.client = { status: () => status, on: () => () => {} }
}, fields)

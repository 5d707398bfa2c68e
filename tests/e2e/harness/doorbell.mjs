// The doorbell as tests see it: who listens, by the server's word; what a page shows, by a live query.

import { randomUUID } from 'node:crypto'
import { newUser, signIn } from './stack.mjs'
import { startSync } from './sync.mjs'
import { until } from './until.mjs'

/** The sockets of someone's browser that have joined something. */
export const hears = ({ server }, { person }) => server.realtime.sockets().filter(({ agent, channels }) => agent === person.browser && channels.length > 0)

/** Waits until someone's browser listens, to changes of rows too; its sockets. */
export const listening = (stack, device) => until('it listens', () => {
  const sockets = hears(stack, device)
  return sockets.some(({ channels }) => channels.every(({ subscribed }) => subscribed)) && sockets
})

/** Someone's browser with a page that is synced and listens; `id` is the user's. */
export async function listener(stack, user = newUser(), settings = {}) {
  const person = await stack.person({ realtime: true, ...settings })
  const page = await person.page()
  const id = await signIn(page, user)
  await startSync(page)
  await listening(stack, { person })
  return { person, page, id }
}

/** Breaks someone's socket. */
export async function breakSocket(stack, device) {
  stack.server.realtime.drop((agent) => agent === device.person.browser)
  await until('the socket is gone', () => hears(stack, device).length === 0)
}

/** Waits until a page's live query has told a title. */
export const shows = (page, title) => until(`${title} is shown`, () => page.evaluate(async (wanted) => {
  window.shown ??= window.tc.live('entries?select=title', ({ rows }) => { window.titles = new Set(rows.map(({ title: one }) => one)) })
  return window.titles?.has(wanted)
}, title))

/** Of which a device sends a change as soon as it is made. */
export const URGENT = [{ name: 'entries', urgent: true }]

/** A change made on a device. */
export const write = (page, title) => page.evaluate(async (given) => {
  const { error } = await window.supabase.from('entries').insert({ id: crypto.randomUUID(), title: given })
  if (error) throw new Error(error.message)
}, title)

/** A change that no push has made. */
export const writeInSql = (server, user, title) =>
  server.sql('insert into public.entries (id, user_id, title) values ($1, $2, $3)', [randomUUID(), user, title])

/** How many pulls a page has asked the server for. */
export const pulls = (page) => page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/rpc/thermocline_pull')).length)

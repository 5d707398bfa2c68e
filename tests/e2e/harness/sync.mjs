// Sync as tests turn it on and wait for it, in the page's own words.

import { newUser, signIn } from './stack.mjs'

/** Somebody new, with a page that has synced once; `settings` are the person's. */
export async function signedIn(stack, settings) {
  const person = await stack.person(settings)
  const page = await person.page()
  const id = await signIn(page, newUser())
  await startSync(page)
  return { person, page, id }
}

/** Turns sync on and runs one round, so that the tables are held whole. */
export async function startSync(page) {
  await page.evaluate(async () => {
    await window.tc.sync.start()
    await window.tc.sync.now()
  })
}

export const syncNow = (page) => page.evaluate(() => window.tc.sync.now())
export const flushed = (page) => page.evaluate(() => window.tc.sync.flushed())
export const statusOf = (page) => page.evaluate(() => window.tc.status())
export const outboxOf = (page) => page.evaluate(() => window.tc.outbox.list())

/** The code and message that a call of `tc` rejects with; null if it does not. */
export function faultOf(page, name) {
  return page.evaluate((call) => window.tc.sync[call]().then(() => null, ({ code, message, retryable }) => ({ code, message, retryable })), name)
}

// A page whose clock a test can put.

import { newUser, signIn } from './stack.mjs'
import { startSync } from './sync.mjs'

/** Somebody new, synced once, on a page whose clock is wrong by so many milliseconds from the start. */
export async function withClock(stack, ahead = 0) {
  const person = await stack.person()
  await (await person.page()).close()
  await person.context.addInitScript((given) => {
    const { now } = Date
    window.ahead = given
    Date.now = () => now() + window.ahead
  }, ahead)
  const page = await person.page()
  const id = await signIn(page, newUser())
  await startSync(page)
  return { page, id }
}

/** 0: it is right. */
export const setClock = (page, ms) => page.evaluate((ahead) => { window.ahead = ahead }, ms)

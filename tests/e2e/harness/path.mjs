// The recipe `path` in browsers: its tables as Daybook keeps them, and profiles of a user with the recipe open.

import { signIn } from './stack.mjs'
import { startSync } from './sync.mjs'

export const PATH_TABLES = [
  'sovereign_logs', 'user_progress', 'routine_completions', 'achievements', 'sovereign_path_data', 'oejts_answers', 'katas',
  { name: 'cosmic_data_cache', days: 7, ttl: 6 * 60 * 60 }, 'astrology_data_cache', 'daily_attunements', 'health_metrics_history',
]

/** One of a user's browsers, synced once, with the recipe as `window.path`. */
export async function pathProfile(stack, user) {
  const person = await stack.person({ tables: PATH_TABLES })
  const page = await person.page()
  const id = await signIn(page, user)
  await startSync(page)
  await page.evaluate(async () => { window.path = await window.openPath() })
  return { person, page, id }
}

/** Calls a function of the recipe in the page. */
export const call = (page, name, ...given) => page.evaluate(([what, values]) => window.path[what](...values), [name, given])

/** Lets the folds follow, and what they wrote be sent. */
export async function settled(page) {
  await page.evaluate(() => window.path.flush())
  await page.evaluate(() => window.tc.sync.flushed())
}

/** Both come back from being offline, one after the other, and see each other's changes. */
export async function meet(...profiles) {
  for (const { person, page } of profiles) {
    await person.offline(false)
    await settled(page)
  }
  for (const turn of [1, 2]) {
    for (const { page } of profiles) {
      await page.evaluate(() => window.tc.sync.now())
      await settled(page)
    }
    if (turn === 2) return
  }
}

// Pages of the app under test with the recipe projects in them, for its end-to-end tests.

import { newUser, signIn } from './harness/stack.mjs'

export const TABLES = ['projects', 'weekly_goals', 'todos', 'project_activities', 'project_summaries', 'import_runs']

/** Someone with the recipe open; sync is off. `id` is the user's. */
export async function planner(stack, user = newUser()) {
  const person = await stack.person({ tables: TABLES })
  const page = await person.page()
  const id = await signIn(page, user)
  await page.evaluate(() => window.tc.sync.stop())
  await page.evaluate(() => window.openProjects())
  return { person, page, id }
}

/** One function of the recipe. */
export const plan = (page, name, ...given) => page.evaluate(([call, args]) => window.plans[call](...args), [name, given])

/** Notes what a page asks the API for; pass `intercept` to the stack. */
export function makeRequestLog() {
  const log = []
  return {
    intercept(req) {
      if (req.url.startsWith('/rest/') && req.method !== 'OPTIONS') log.push(`${req.method} ${req.url}`)
      return false
    },
    seen: () => [...log],
    clear: () => log.splice(0),
  }
}

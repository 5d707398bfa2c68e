// A whole stack for one test file: PostgreSQL, Supabase's lite server with the built app on its origin,
// browsers that are closed and profiles that are removed at the end.

import { randomUUID } from 'node:crypto'
import { startPostgres } from '../../../supabase/dev/postgres.mjs'
import { startServer } from '../../../supabase/dev/server.mjs'
import { builtApp } from './app.mjs'
import { killBrowser, makeProfile, openBrowser } from './browser.mjs'
import { makeNetwork } from './network.mjs'

/** What Chromium says on the console of every request that fails: tests that cut the network want no noise. */
const NETWORK = /^Failed to load resource|^WebSocket connection to/

/** Starts it; `app` names the app that is served, the other options are startServer's. */
export async function startStack({ app, ...options } = {}) {
  const staticDir = await builtApp(app) // first: it leaves nothing running if it fails
  const cluster = await startPostgres()
  const network = makeNetwork(options.intercept)
  const server = await startServer({
    backend: 'postgres',
    databaseUrl: await cluster.newDatabase(),
    staticDir,
    ...options,
    intercept: network.intercept,
    admits: (req) => network.admits(req) && (options.admits?.(req) ?? true),
  })
  const people = []
  const person = async (settings) => {
    const made = await makePerson(server, network, settings)
    people.push(made)
    return made
  }
  const stop = async () => {
    for (const made of people) await made.leave()
    await server.close()
    await cluster.stop()
  }
  return { server, person, stop }
}

/**
 * Leaves the checks of entries to the server, for tests of what it refuses: a trigger that may change any column is why
 * a device cannot decide them. To be called before a device reads the definitions.
 */
export async function leaveChecksToServer(server) {
  await server.sql(`create function public.change_anything() returns trigger language plpgsql as $$ begin new := new; return new; end $$`)
  await server.sql('create trigger entries_change_anything before insert or update on public.entries for each row execute function public.change_anything()')
}

/** A fresh address and password. */
export const newUser = () => ({ email: `${randomUUID()}@example.org`, password: 'a long enough password' })

/** Someone with a browser profile of their own. Without Realtime, unless asked: rounds come when a test says so. */
async function makePerson(server, network, { tables = ['entries'], worker = false, realtime = false, ...more } = {}) {
  const profile = makeProfile()
  const browser = `person ${randomUUID()}`
  const options = { url: server.url, key: server.anonKey, tables, worker, realtime, ...more }
  let context
  let offline = false
  let visited = false
  const open = async (page, changes) => {
    await page.goto(server.url)
    await page.waitForSelector('body[data-ready]', { state: 'attached' })
    await page.evaluate((given) => window.open_(given), { ...options, ...changes })
  }
  const person = {
    /** The user agent that its requests bear. */
    browser,
    get context() { return context },
    /** Opens the browser if need be, and a page with the app on it; `changes` are to the options it opens with. */
    async page(changes) {
      context ??= await openBrowser(profile, { offline, name: browser })
      const page = await context.newPage()
      page.on('pageerror', (error) => console.error('page error:', error.message))
      page.on('console', (message) => { if (message.type() === 'error' && !NETWORK.test(message.text())) console.error('page:', message.text()) })
      await open(page, changes)
      if (worker && !visited) {
        // The first visit was not the worker's to serve, so it has kept nothing of the shell.
        await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
        await open(page, changes)
      }
      visited = true
      return page
    },
    /** Cuts the browser off from the network, or lets it back; open pages know it when this returns. */
    async offline(off) {
      offline = off
      if (off) {
        network.cutOff(browser)
        server.realtime.drop((agent) => agent === browser)
      } else network.letBack(browser)
      await context.setOffline(off)
      for (const page of context.pages()) await page.waitForFunction((on) => navigator.onLine === on, !off)
    },
    async kill() {
      await killBrowser(context, profile)
      context = undefined
    },
    async leave() {
      if (context) await person.kill() // its profile goes too: no need to wait until it has tidied up
      profile.remove()
    },
  }
  return person
}

/** Signs up (the first time) or in, by supabase-js in the page; the user's id. */
export function signIn(page, user) {
  return page.evaluate(async ({ email, password }) => {
    const up = await window.supabase.auth.signUp({ email, password })
    const { data, error } = up.error ? await window.supabase.auth.signInWithPassword({ email, password }) : up
    if (error) throw error
    return data.user.id
  }, user)
}

/** Signs out by supabase-js in the page: null, or the code of its error. */
export async function signOut(page, options) {
  return page.evaluate((given) => window.supabase.auth.signOut(given).then(({ error }) => error && (error.code ?? error.message)), options)
}

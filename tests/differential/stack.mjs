// Both sides of the comparison: a user whose rows are on the server and, whole, in a browser that then goes offline.
//
// Offline, every answer of the page is the engine's own; a request that it leaves to the server is answered
// `unsupported_offline` and counted apart. From then on each side is written to by itself.

import { createClient } from '@supabase/supabase-js'
import { startPostgres } from '../../supabase/dev/postgres.mjs'
import { startServer } from '../../supabase/dev/server.mjs'
import { builtApp } from '../e2e/harness/app.mjs'
import { makeProfile, openBrowser } from '../e2e/harness/browser.mjs'
import { newUser, signIn } from '../e2e/harness/stack.mjs'
import { exactPull } from './exact_pull.mjs'
import { insertRows, randomRow, TABLE } from './samples.mjs'

/** Starts both with `count` random rows. */
export async function startBothSides(random, count) {
  const cluster = await startPostgres()
  const options = { backend: 'postgres', databaseUrl: await cluster.newDatabase(), staticDir: await builtApp() }
  // lite reads the tables when it starts: once for the migrations, once more with the table.
  const first = await startServer(options)
  await first.sql('select 1')
  for (const statement of TABLE.split(/;\s*$/m).filter((text) => text.trim())) await first.sql(statement)
  await first.close()
  const pulls = exactPull(options.databaseUrl)
  const server = await startServer({ ...options, intercept: pulls.intercept })
  const profile = makeProfile()
  const context = await openBrowser(profile)
  const page = await openPage(context, server)
  const user = await signIn(page, newUser())
  const ids = Array.from({ length: count }, () => random.uuid())
  await insertRows(server.sql, ids.map((id) => randomRow(random, id, user)))
  await syncOnce(page)
  await context.setOffline(true)
  const token = await page.evaluate(async () => (await window.supabase.auth.getSession()).data.session.access_token)
  const stop = async () => {
    await context.close()
    profile.remove()
    await server.close()
    await pulls.close()
    await cluster.stop()
  }
  return { local: localSide(page), remote: remoteSide(server, token), sql: server.sql, data: { ids, user }, stop }
}

async function openPage(context, server) {
  const page = await context.newPage()
  page.on('pageerror', (error) => console.error('page error:', error.message))
  await page.goto(server.url)
  await page.waitForSelector('body[data-ready]', { state: 'attached' })
  await page.evaluate((given) => window.open_(given), { url: server.url, key: server.anonKey, tables: ['samples'] })
  return page
}

async function syncOnce(page) {
  await page.evaluate(async () => {
    await window.tc.sync.start()
    await window.tc.sync.now()
    await window.tc.sync.stop()
    if (!window.tc.status().held.includes('samples')) throw new Error('the first sync did not end')
  })
}

/** The engine in the page: many requests in one call, one after another. */
function localSide(page) {
  return {
    requests: (requests) => page.evaluate(async (all) => {
      const { url } = window.supabase.rest ? { url: window.supabase.rest.url } : {}
      const answers = []
      for (const { method, path, headers, body } of all) {
        const response = await window.tc.fetch(`${url}/${path}`, { method, headers: { 'content-type': 'application/json', ...headers }, body })
        answers.push({ status: response.status, range: response.headers.get('content-range'), body: await response.text() })
      }
      return answers
    }, requests),
    calls: (chains) => page.evaluate(async (all) => {
      const answers = []
      for (const [[, table], ...calls] of all) {
        let query = window.supabase.from(table)
        for (const [name, ...given] of calls) query = query[name](...given)
        const { data, error, count, status } = await query
        answers.push({ data, error, count, status })
      }
      return answers
    }, chains),
  }
}

const AT_ONCE = 6

/** The server, asked as the same user. */
function remoteSide(server, token) {
  const headers = { apikey: server.anonKey, authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const client = createClient(server.url, server.anonKey, { accessToken: async () => token, realtime: { transport: class {} } })
  const ask = async ({ method, path, headers: more, body }) => {
    const response = await fetch(`${server.url}/rest/v1/${path}`, { method, headers: { ...headers, ...more }, body })
    return { status: response.status, range: response.headers.get('content-range'), body: await response.text() }
  }
  const call = async ([[, table], ...calls]) => {
    let query = client.from(table)
    for (const [name, ...given] of calls) query = query[name](...given)
    const { data, error, count, status } = await query
    return { data, error, count, status }
  }
  return {
    requests: (requests, atOnce = AT_ONCE) => inOrder(requests, ask, atOnce),
    calls: (chains) => inOrder(chains, call, AT_ONCE),
  }
}

/** Answers in the order of the questions, some asked at the same time. */
async function inOrder(questions, ask, atOnce) {
  const answers = []
  let next = 0
  const work = async () => {
    while (next < questions.length) {
      const at = next++
      answers[at] = await ask(questions[at])
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return answers
}

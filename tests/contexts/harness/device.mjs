// Someone's browser: signed in, synced once, with as many contexts in it as a test wants.
//
// The service worker serves the shell, so pages open without a network too.

import { randomUUID } from 'node:crypto'
import { makeProfile } from '../../e2e/harness/browser.mjs'
import { newUser, signIn } from '../../e2e/harness/stack.mjs'
import { until } from '../../e2e/harness/until.mjs'
import { startBrowser } from './browser.mjs'
import { ServiceWorker, Tab, Worker } from './contexts.mjs'

/** Opens a browser on the server and signs someone up; `network` is what the server intercepts with. */
export async function openDevice(server, network) {
  const device = new Device(server, network)
  await device.start()
  const page = await device.page()
  device.user = await signIn(page, newUser())
  await page.evaluate(() => window.tc.sync.start().then(() => window.tc.sync.now()))
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
  // The first visit was not the worker's to serve: the second leaves the shell in its cache.
  await page.goto(server.url)
  await until('the shell is kept', () => page.evaluate(async () => (await (await caches.open('shell')).keys()).length > 2))
  await page.close()
  return device
}

class Device {
  user
  /** Options that its pages open with, beside the usual ones. Without Realtime, unless asked: rounds come when a test says so. */
  more = {}
  #server
  #network
  #profile = makeProfile()
  name = `device ${randomUUID()}`
  #browser

  constructor(server, network) {
    this.#server = server
    this.#network = network
  }

  get options() {
    return { url: this.#server.url, key: this.#server.anonKey, tables: ['entries'], worker: true, realtime: false, ...this.more }
  }

  get context() {
    return this.#browser.context
  }

  async start() {
    this.#browser = await startBrowser(this.#profile, this.name)
  }

  /** Ends the browser with everything in it, as a power failure would. */
  async kill() {
    await this.#browser.kill()
  }

  async leave() {
    await this.kill()
    this.#profile.remove()
  }

  /** Cuts the browser off from the server, or lets it back. */
  offline(off) {
    if (off) this.#network.cutOff(this.name)
    else this.#network.letBack(this.name)
  }

  /** A page of the app that has nothing open yet. */
  async bare(path = '') {
    const page = await this.context.newPage()
    page.on('pageerror', (error) => console.error('page error:', error.message))
    await page.goto(this.#server.url + path)
    await page.waitForSelector('body[data-ready]', { state: 'attached' })
    return page
  }

  /** A page with the app's client in it. */
  async page() {
    const page = await this.bare()
    await page.evaluate((options) => window.open_(options), this.options)
    return page
  }

  async tab() {
    return new Tab(await this.page())
  }

  /** A dedicated worker, in a page of its own that has no client. */
  async worker() {
    const page = await this.bare()
    const started = page.waitForEvent('worker')
    await page.evaluate(() => { window.worker = window.startWorker() })
    const realm = await started
    const worker = new Worker(page, realm)
    await until('the worker listens', () => realm.evaluate(() => 'carryOut' in self))
    await worker.run('open', this.options)
    return worker
  }

  /** The service worker; `page` is one that it controls, which wakes it. */
  async serviceWorker(page) {
    const realm = await until('the service worker is awake', async () => {
      await page.evaluate(() => navigator.serviceWorker.ready.then(({ active }) => active.postMessage('wake up')))
      return awake(this.context)
    })
    const worker = new ServiceWorker(page, realm)
    await worker.run('open', this.options)
    return worker
  }
}

/** The service worker's realm, if it can be spoken to. */
async function awake(context) {
  for (const realm of context.serviceWorkers().toReversed()) {
    const listens = realm.evaluate(() => 'carryOut' in self).catch(() => false)
    const late = new Promise((resolve) => { setTimeout(resolve, 500, false) })
    if (await Promise.race([listens, late])) return realm
  }
  return null
}

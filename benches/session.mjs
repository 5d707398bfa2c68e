// Takes the measurements: opens browsers and pages, lets the stores take turns, gathers samples by work and store.

import { openBrowser } from '../tests/e2e/harness/browser.mjs'
import { keyOf, OPTIONAL, WARM_UP } from './plan.mjs'

const WRITES = ['bulk', 'concurrent', 'single', 'changes']

export class Session {
  /** @type {Map<string, Map<string, number[]>>} by work and store; figures of ours alone under the store `ours` */
  samples = new Map()
  /** Why a store is not in the run, by its name. */
  absent = new Map()

  constructor(plan, server, profile, progress) {
    Object.assign(this, { plan, server, profile, progress })
  }

  /** Opens a browser with one page, lets it be used, and closes it. */
  async withPage(use) {
    const context = await openBrowser(this.profile)
    try {
      this.version = context.browser()?.version() ?? ''
      return await use(await this.page(context), context)
    } finally {
      await context.close()
    }
  }

  async page(context) {
    const page = await context.newPage()
    page.on('pageerror', (error) => console.error('page error:', error.message))
    page.on('crash', () => console.error('the page has crashed'))
    page.setDefaultTimeout(0)
    await page.goto(this.server.url)
    await page.waitForSelector('body[data-ready]', { state: 'attached' })
    return page
  }

  task(store, durability, scale = this.plan.scale) {
    const { writer, readers } = this.server
    return { store, durability, scale, writer, reader: readers.get(scale.rows) }
  }

  call(page, name, ...given) {
    return page.evaluate(([name, given]) => window.bench[name](...given), [name, given])
  }

  keep(figures, store, durability) {
    for (const [work, figure] of Object.entries(figures)) {
      const key = durability === undefined ? work : keyOf(work, durability)
      if (!this.samples.has(key)) this.samples.set(key, new Map())
      const byStore = this.samples.get(key)
      byStore.set(store, [...(byStore.get(store) ?? []), figure])
    }
  }

  /** Makes the databases that are read. A store that not every browser opens may fail here. */
  async fill(page) {
    for (const store of this.plan.reopen.stores.filter((name) => name !== 'supabase-js')) {
      this.progress(`filling ${store}`)
      await this.call(page, 'fill', this.task(store, 'strict')).catch((error) => {
        if (!OPTIONAL.includes(store)) throw error
        this.absent.set(store, error.message.split('\n')[0])
      })
    }
  }

  /** Another store goes first in each pass. */
  inTurn(stores, pass) {
    const present = stores.filter((store) => !this.absent.has(store))
    return present.map((_, at) => present[(at + pass) % present.length])
  }

  async warmUp(page) {
    for (const { turn, durability, stores } of this.plan.turns.filter(({ turn }) => WRITES.includes(turn))) {
      for (const store of this.inTurn(stores, 0)) {
        this.progress(`warming up: ${turn}, ${store}`)
        await this.call(page, turn, this.task(store, durability, WARM_UP))
      }
    }
  }

  /** Works that one page can do. */
  async pass(page, pass) {
    for (const { turn, durability, stores } of this.plan.turns) {
      for (const store of this.inTurn(stores, pass)) {
        this.progress(`pass ${pass + 1} of ${this.plan.passes}: ${turn}, ${durability}, ${store}`)
        this.keep(await this.call(page, turn, this.task(store, durability)), store, durability)
      }
    }
  }

  /** Works that need a browser that has just started: one for each figure. */
  async restarts(pass) {
    const { turn, durability, stores } = this.plan.reopen
    for (const store of this.inTurn(stores, pass)) {
      this.progress(`restart ${pass + 1} of ${this.plan.passes}: ${store}`)
      await this.withPage(async (page) => this.keep(await this.call(page, turn, this.task(store, durability)), store, durability))
    }
  }

  /** Ours with many rows: a page that has just been loaded for each figure. */
  async tiers() {
    const fresh = (context, ...call) => this.page(context).then(async (page) => {
      const figures = await this.call(page, ...call)
      await page.close()
      return figures
    })
    await this.withPage(async (_page, context) => {
      for (const count of this.plan.tiers) {
        this.progress(`pulling ${count} rows`)
        const given = [`tier${count}`, this.server.readers.get(count).project]
        const { filled } = await fresh(context, 'fillTier', ...given)
        this.keep({ [`filled ${count}`]: filled }, 'ours')
        for (let pass = 0; pass < this.plan.passes; pass++) {
          this.progress(`${count} rows: pass ${pass + 1} of ${this.plan.passes}`)
          this.keep(await fresh(context, 'tier', ...given, count), 'ours')
        }
        if (count >= 100_000) this.keep(await fresh(context, 'memory', ...given, count), 'ours')
      }
      for (let pass = 0; pass < this.plan.passes; pass++) {
        this.progress(`writes beside a thousand live queries: pass ${pass + 1} of ${this.plan.passes}`)
        this.keep(await fresh(context, 'liveMany', `live${pass}`, this.task('tc.query', 'strict')), 'ours')
      }
      for (let pass = 0; pass < this.plan.passes; pass++) {
        this.progress(`appends beside a checkpoint: pass ${pass + 1} of ${this.plan.passes}`)
        this.keep(await fresh(context, 'waits', this.task('tc.query', 'relaxed')), 'ours')
      }
    })
  }
}

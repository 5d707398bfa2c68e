// Contexts as tests drive them: what they are asked to do, how they are frozen and killed.
//
// A context answers `run(verb, given)`, see the harness app's actor.ts. A context that was killed rejects
// what it had under way with `Gone`: whether that took effect, nobody was told.

/** A context ended before it could answer. */
export class Gone extends Error {}

/** A refusal that a command came back with. */
export class Fault extends Error {
  constructor({ code, message }) {
    super(`${code}: ${message}`)
    this.code = code
  }
}

class Context {
  /** The page that the context is, or that it belongs to. */
  page
  isGone = false
  #realm
  #gone
  #end

  constructor(page, realm) {
    this.page = page
    this.#realm = realm
    this.#gone = new Promise((_, reject) => { this.#end = reject })
    this.#gone.catch(() => undefined)
    page.once('crash', () => this.end())
    page.once('close', () => this.end())
  }

  /** Says that the context is dead: whoever waits for an answer is told. */
  end() {
    this.isGone = true
    this.#end(new Gone())
  }

  async run(verb, given) {
    const answer = this.#realm.evaluate((command) => globalThis.carryOut(command), [verb, given])
    const dead = (error) => {
      if (!/closed|crashed|destroyed|detached|Target/i.test(error.message)) throw error
      this.end()
      throw new Gone()
    }
    const { done, fault } = await Promise.race([answer.catch(dead), this.#gone])
    if (fault) throw new Fault(fault)
    return done
  }

  /** Sends a request to `entries`; the parsed body, or a Fault. */
  async ask(method, query, body, prefer = 'return=representation') {
    const given = request(method, query, body, prefer)
    return read(await this.run('ask', given))
  }

  rows(query = 'select=*&order=id') {
    return this.ask('GET', query)
  }
}

class Page extends Context {
  devtools() {
    return this.page.context().newCDPSession(this.page)
  }

  /** Freezes a page that is not in front, and its workers, as Chromium does with old tabs; answers the way to thaw it. */
  async freeze() {
    const devtools = await this.devtools()
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
    return async () => {
      await devtools.send('Page.setWebLifecycleState', { state: 'active' })
      await devtools.detach()
    }
  }
}

export class Tab extends Page {
  constructor(page) {
    super(page, page)
  }

  /** Stops the page wherever it is, in the middle of a transaction too; answers the way to let it go on. */
  async pause() {
    const devtools = await this.devtools()
    const paused = new Promise((resolve) => { devtools.once('Debugger.paused', resolve) })
    await devtools.send('Debugger.enable')
    await devtools.send('Debugger.pause')
    this.page.evaluate(() => 'the next statement').catch(() => undefined)
    await paused
    return async () => {
      await devtools.send('Debugger.resume')
      await devtools.detach()
    }
  }

  async kill(how) {
    this.end()
    await closePage(this.page, how)
  }
}

/** A dedicated worker, in a page that has no client of its own. */
export class Worker extends Page {
  async kill(how) {
    this.end()
    if (how === 'terminate') await this.page.evaluate(() => window.worker.terminate())
    await closePage(this.page, how === 'terminate' ? 'close' : how)
  }
}

export class ServiceWorker extends Context {
  async kill() {
    this.end()
    const devtools = await this.page.context().newCDPSession(this.page)
    await devtools.send('ServiceWorker.enable')
    await devtools.send('ServiceWorker.stopAllWorkers')
    await devtools.detach()
  }
}

/** `crash`: the page's process dies; `target`: the tab is gone without a word to the page; `close`: as by its button. */
async function closePage(page, how) {
  const devtools = how === 'close' ? null : await page.context().newCDPSession(page)
  if (how === 'crash') {
    const crashed = page.waitForEvent('crash')
    devtools.send('Page.crash').catch(() => undefined) // nobody is left to answer
    await crashed
  }
  if (how === 'target') {
    const { targetInfo } = await devtools.send('Target.getTargetInfo')
    const closed = page.waitForEvent('close')
    devtools.send('Target.closeTarget', { targetId: targetInfo.targetId }).catch(() => undefined)
    await closed
  }
  await page.close().catch(() => undefined)
}

/** A request to `entries` as `tc.query` takes it. */
export function request(method, query, body, prefer = 'return=representation') {
  const headers = { prefer, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
  return { method, path: `entries?${query}`, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
}

/** The body of an answer, or the refusal that it is. */
export function read({ status, body }) {
  const value = body === '' ? null : JSON.parse(body)
  if (status >= 400) throw new Fault({ code: value.code, message: value.message })
  return value
}

// Several real contexts on one database, at the mercy of the dice: two tabs, a dedicated worker and the
// service worker write, read and checkpoint while they are frozen, stopped in the middle and killed.
//
// Invariants 1, 2 and 7; the tiers' 8; PITFALLS 23, 26 to 28. `CONTEXTS_SEED` gives the same plan again; what meets what depends
// on the machine.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { serverRows, textsOf } from '../e2e/harness/rows.mjs'
import { until } from '../e2e/harness/until.mjs'
import { Fault } from './harness/contexts.mjs'
import { Dice } from './harness/dice.mjs'
import { checkOutbox, keepLedger, repeated } from './harness/ledger.mjs'
import { Model } from './harness/model.mjs'
import { COLUMNS, Player, WORDS } from './harness/player.mjs'
import { startSite } from './harness/site.mjs'
import { Trouble } from './harness/trouble.mjs'

const SEED = process.env.CONTEXTS_SEED ?? 'thermocline'
const AGAIN = `CONTEXTS_SEED="${SEED}" make test SUITES=contexts`
const TURNS = 60
const ROUND_MS = 8_000
const SHARED_ROWS = 8
/** Whose column of the shared rows is which, in the columns' order. */
const KINDS = [['one tab', 'tab'], ['another tab', 'tab'], ['worker', 'worker'], ['service worker', 'serviceWorker']]
/** Asked of every context at quiet moments: by key, by time, filtered, counted. */
const QUESTIONS = [
  'select=*&order=id', 'select=id,title&order=created_at.desc,id&limit=20', 'select=id&title=like.one*&order=title',
  'select=id,body&status=gte.s&order=status.desc,id&limit=50&offset=5', 'select=id,meta&meta=not.is.null&order=title.desc&limit=10',
]

let site
let device
before(async () => {
  site = await startSite()
  device = await site.device()
})
after(() => site.stop())

let game
round('offline: contexts are frozen and killed, everything acknowledged is there once', async () => {
  await keepLedger(site.server)
  game = new Game()
  await game.begin()
  await game.flush()
  device.offline(true)
  await game.play()
  await game.checkDevice()
  device.offline(false)
  await game.flush()
})

round('online: contexts that sync are frozen and killed, the server has everything once', async () => {
  await game.play()
  await game.flush()
})

round('the browser is killed: after a restart everything acknowledged is there once', async () => {
  device.offline(true)
  await game.play(async (stop) => {
    await pause(ROUND_MS / 4)
    stop()
    await device.kill()
  })
  await device.start()
  await game.enter()
  await game.checkDevice()
  device.offline(false)
  await game.flush()
})

/** A test whose failure tells what led to it, and how to have it again. */
function round(promise, play) {
  test(promise, async () => {
    try {
      await play()
    } catch (error) {
      throw new Error(`${error.message}\nagain: ${AGAIN}\n${game?.story()}`, { cause: error })
    }
  })
}

class Game {
  #model = new Model()
  #shared = []
  #players = []
  #usher
  #trouble
  #plays = 0

  /** The rows that all share, then the players. */
  async begin() {
    const dice = new Dice(`${SEED}/shared`)
    const owners = Object.fromEntries(COLUMNS.map((column, n) => [column, KINDS[n][0]]))
    const nothing = Object.fromEntries(COLUMNS.map((column) => [column, 'nobody:0']))
    const rows = Array.from({ length: SHARED_ROWS }, () => ({ id: dice.uuid(), ...nothing }))
    this.#shared = rows.map(({ id }) => id)
    this.#players = KINDS.map(([name, kind], n) => new Player({
      name, n, model: this.#model, shared: this.#shared, seed: SEED, make: () => device[kind](this.#usher.page),
    }))
    await this.enter()
    const fate = this.#model.begin({ verb: 'insert', rows, owner: 'nobody', owners })
    await this.#usher.ask('POST', 'select=id', rows)
    fate('done')
  }

  /** Opens every context. The usher's page is in front and never in trouble. */
  async enter() {
    this.#usher = await device.tab()
    for (const player of this.#players) await player.enter()
    await this.#usher.page.bringToFront()
  }

  /** The players take their turns while there is trouble; `end` stops them. */
  async play(end) {
    this.#plays += 1
    const deadline = Date.now() + ROUND_MS
    const played = Promise.all(this.#players.map((player) => player.play(TURNS, deadline)))
    const stop = () => { for (const player of this.#players) player.stopped = true }
    this.#trouble = new Trouble(this.#players, `${SEED}/${this.#plays}`, {
      front: () => this.#usher.page.bringToFront(),
      isOver: () => this.#players.every(({ stopped }) => stopped),
    })
    const stopped = end?.(stop)
    await Promise.all([played, this.#trouble.make(played), stopped])
  }

  /** Waits until all contexts answer alike (invariant 7), which must be what was acknowledged (invariant 1). */
  async agree() {
    for (const player of this.#players) if (player.context.isGone) await player.enter()
    const contexts = [this.#usher, ...this.#players.map(({ context }) => context)]
    const agreed = await until('all contexts give the same answers', async () => {
      const all = await Promise.all(contexts.map(answers))
      return all.every((answer) => answer === all[0]) && all[0]
    })
    const [rows] = JSON.parse(agreed)
    this.#model.settle(rows)
    for (const player of this.#players) {
      await player.read()
      await until(`the live query of ${player.name} has told the last state`, async () =>
        JSON.stringify(await player.told()) === JSON.stringify(await player.context.rows(WORDS)))
    }
    const fresh = await device.tab()
    assert.equal(await answers(fresh), agreed, 'a page that opens now gives the same answers')
    await fresh.kill('close')
    await this.#usher.page.bringToFront()
    return rows
  }

  /** All agree, and what the server lacks waits in the outbox, once. */
  async checkDevice() {
    const rows = await this.agree()
    checkOutbox(await this.#usher.run('outbox'), rows, await serverRows(site.server, device.user), COLUMNS)
  }

  /** Sends everything: the server has what the device shows, and wrote nothing twice (invariant 2). */
  async flush() {
    await until('the outbox is empty', async () => {
      await this.#usher.run('sync').catch((error) => { if (!(error instanceof Fault)) throw error })
      return (await this.#usher.run('outbox')).length === 0
    })
    await this.#usher.run('sync')
    const rows = await this.agree()
    assertSame(rows, await serverRows(site.server, device.user))
    assert.deepEqual(await repeated(site.server), [])
  }

  story() {
    const turns = this.#players.map(({ name, steps }) => `${name}: ${steps.join(' ')}`)
    return [`trouble: ${this.#trouble?.steps.join(', ')}`, ...turns].join('\n')
  }
}

/** What a context answers to all questions, as text. */
async function answers(context) {
  const found = []
  for (const question of QUESTIONS) found.push(await context.rows(question))
  return JSON.stringify(found)
}

/** Says the rows that differ, and no others. */
function assertSame(rows, stored) {
  const [shown, kept] = [new Set(textsOf(rows)), new Set(textsOf(stored))]
  const differ = { device: [...shown].filter((text) => !kept.has(text)), server: [...kept].filter((text) => !shown.has(text)) }
  assert.deepEqual(differ, { device: [], server: [] })
}

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms) })

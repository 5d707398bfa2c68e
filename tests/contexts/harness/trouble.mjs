// Trouble for a randomised run: contexts are frozen, stopped in the middle, and killed, by the dice.

import { Dice } from './dice.mjs'
import { Tab, Worker } from './contexts.mjs'

const KILLS = ['close', 'crash', 'target']

export class Trouble {
  /** What was done, for the story of a failure. */
  steps = []
  #players
  #dice
  #front
  #isOver

  /** `front` brings the page to the front that is never in trouble: the others are hidden, as freezing wants it.
   * `isOver` tells when trouble of a worse kind came. */
  constructor(players, seed, { front, isOver = () => false }) {
    this.#isOver = isOver
    this.#players = players
    this.#dice = new Dice(`${seed}/trouble`)
    this.#front = front
  }

  /** Makes trouble until the players have finished or were stopped. */
  async make(finished) {
    let playing = true
    finished.finally(() => { playing = false }).catch(() => undefined)
    while (playing) {
      await pause(this.#dice.from(20, 250))
      try {
        if (playing) await this.#next()
      } catch (error) {
        if (!this.#isOver()) throw error // else the browser died under it
      }
    }
  }

  async #next() {
    const dead = this.#players.find(({ context, stopped }) => context.isGone && !stopped)
    if (dead) return this.#replace(dead) // it went down with another one's process
    const player = this.#dice.pick(this.#players)
    const { context } = player
    const what = this.#dice.pick(context instanceof Tab ? ['freeze', 'freeze', 'pause', 'pause', 'kill'] : ['freeze', 'freeze', 'kill'])
    if (what === 'kill') return this.#kill(player)
    if (!(context instanceof Tab || context instanceof Worker)) return
    const ms = this.#dice.from(30, what === 'pause' ? 500 : 1_200)
    this.steps.push(`${what} ${player.name} ${ms} ms`)
    const goOn = await context[what]()
    await pause(ms)
    await goOn()
  }

  async #kill(player) {
    const how = this.#dice.pick(player.context instanceof Worker ? [...KILLS, 'terminate'] : KILLS)
    this.steps.push(`kill ${player.name} by ${how}`)
    await player.context.kill(how)
    await this.#replace(player)
  }

  async #replace(player) {
    await player.enter()
    await this.#front()
  }
}

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms) })

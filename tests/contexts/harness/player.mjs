// One of the players of a randomised run: a context that writes, reads and checkpoints by the dice.
//
// What it does depends on its dice alone; when, on the machine. A player whose context was killed gets
// another one of the same kind and goes on.

import assert from 'node:assert/strict'
import { Dice } from './dice.mjs'
import { Gone, read, request } from './contexts.mjs'

/** What a player asks for, and watches. */
export const WORDS = 'select=id,title,body,status,meta&order=id'
/** The columns that players write. */
export const COLUMNS = ['title', 'body', 'status', 'meta']
/** Of each hundred turns. */
const TURNS = [[30, 'insert'], [60, 'shared'], [72, 'own'], [80, 'delete'], [92, 'read'], [100, 'checkpoint']]

export class Player {
  context
  /** Set: it takes no further turn. */
  stopped = false
  /** What it did, for the story of a failure. */
  steps = []
  #make
  #model
  #dice
  #column
  #shared
  #number = 0
  #seen = new Map()

  /** `make` opens a context of this player's kind; `shared` are rows in which it owns the n-th column. */
  constructor({ name, n, make, model, shared, seed }) {
    this.name = name
    this.#make = make
    this.#model = model
    this.#dice = new Dice(`${seed}/${name}`)
    this.#column = COLUMNS[n]
    this.#shared = shared
  }

  async enter() {
    this.#seen = new Map()
    this.stopped = false
    const context = await this.#make()
    await context.run('watch', `entries?${WORDS}`)
    this.context = context
  }

  /** The rows that its live query told last. */
  told() {
    return this.context.run('told', `entries?${WORDS}`)
  }

  /** Takes turns until they are all taken or time is up. */
  async play(turns, deadline) {
    for (let turn = 0; turn < turns && Date.now() < deadline && !this.stopped; turn += 1) {
      const context = this.context
      try {
        await this.#turn()
      } catch (error) {
        if (!(error instanceof Gone)) throw new Error(`${this.name}, after ${this.steps.slice(-5).join(', ')}: ${error.message}`, { cause: error })
        await this.#replaced(context, deadline)
      }
    }
  }

  /** Waits until whoever killed the context has brought another. */
  async #replaced(context, deadline) {
    while (this.context === context && Date.now() < deadline && !this.stopped) await new Promise((resolve) => { setTimeout(resolve, 20) })
  }

  #turn() {
    const throw_ = this.#dice.below(100)
    const [, what] = TURNS.find(([limit]) => throw_ < limit)
    this.steps.push(what)
    switch (what) {
      case 'insert': return this.#writeAll(Array.from({ length: this.#dice.from(1, 4) }, () => this.#insert()))
      case 'shared': return this.#writeAll([this.#change(this.#dice.pick(this.#shared), this.#column)])
      case 'own': return this.#writeAll(this.#own((id) => this.#change(id, this.#dice.pick(COLUMNS))))
      case 'delete': return this.#writeAll(this.#own((id) => ({ verb: 'delete', id })))
      case 'read': return this.read()
      case 'checkpoint': return this.context.run('checkpoint')
    }
  }

  #own(write) {
    const ids = this.#model.ids(this.name)
    return ids.length > 3 ? [write(this.#dice.pick(ids))] : [this.#insert()]
  }

  #insert() {
    const rows = Array.from({ length: this.#dice.pick([1, 1, 3, 40]) }, () => {
      const id = this.#dice.uuid()
      return { id, ...Object.fromEntries(COLUMNS.map((column) => [column, this.#value()])) }
    })
    return { verb: 'insert', rows, owner: this.name }
  }

  #change = (id, column) => ({ verb: 'update', id, column, value: this.#value() })
  #value = () => `${this.name}:${(this.#number += 1)}`

  /** Sends writes at once, which share a frame; each has an answer of its own. */
  async #writeAll(writes) {
    const fates = writes.map((write) => this.#model.begin(write))
    let answers
    try {
      answers = await this.context.run('askAll', writes.map(requestOf))
    } catch (error) {
      for (const fate of fates) fate('unknown')
      throw error
    }
    answers.forEach((answer, n) => {
      const rows = read(answer)
      assert.equal(rows.length, writes[n].rows?.length ?? 1, `${this.name}: ${writes[n].verb} of ${writes[n].id ?? 'new rows'}`)
      fates[n]('done')
    })
  }

  async read() {
    this.#model.checkRead(await this.context.rows(WORDS), this.name, this.#seen)
  }
}

function requestOf({ verb, rows, id, column, value }) {
  if (verb === 'insert') return request('POST', 'select=id', rows)
  if (verb === 'update') return request('PATCH', `id=eq.${id}&select=id`, { [column]: value })
  return request('DELETE', `id=eq.${id}&select=id`)
}

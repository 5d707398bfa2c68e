// Chance from a seed: the same seed, the same throws.

import { createHash } from 'node:crypto'

export class Dice {
  #seed
  #thrown = 0

  constructor(seed) {
    this.#seed = seed
  }

  /** A whole number from 0 on, below `limit`. */
  below(limit) {
    return Number.parseInt(this.#bits().slice(0, 12), 16) % limit
  }

  from(low, high) {
    return low + this.below(high - low + 1)
  }

  pick(choices) {
    return choices[this.below(choices.length)]
  }

  uuid() {
    const bits = this.#bits()
    return `${bits.slice(0, 8)}-${bits.slice(8, 12)}-4${bits.slice(13, 16)}-a${bits.slice(17, 20)}-${bits.slice(20, 32)}`
  }

  #bits() {
    this.#thrown += 1
    return createHash('sha256').update(`${this.#seed}/${this.#thrown}`).digest('hex')
  }
}

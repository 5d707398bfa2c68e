// Random choices that a seed repeats.

/** A generator of choices; equal seeds make equal choices. */
export function makeRandom(seed) {
  let state = seed >>> 0
  const next = () => { // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = (n) => Math.floor(next() * n)
  const random = {
    /** A whole number from 0 to n - 1. */
    below,
    /** True in about `percent` of a hundred cases. */
    chance: (percent) => next() * 100 < percent,
    pick: (items) => items[below(items.length)],
    /** From `least` to `most` items that `make` makes. */
    several: (least, most, make) => Array.from({ length: least + below(most - least + 1) }, make),
    /** A few of the items, each once, in a random order. */
    some(items, most) {
      const rest = [...items]
      const count = 1 + below(Math.min(most, rest.length))
      return Array.from({ length: count }, () => rest.splice(below(rest.length), 1)[0])
    },
    uuid() {
      const hex = Array.from({ length: 32 }, () => below(16).toString(16)).join('')
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
    },
  }
  return random
}

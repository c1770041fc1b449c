// The dice of the campaigns: seeded, so that a seed names the plan of a whole run.

/** @param {number} seed */
export function chanceOf(seed) {
  let state = seed >>> 0
  /** In [0, 1): mulberry32. */
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    /** @param {number} low @param {number} high both can happen */
    int: (low, high) => low + Math.floor(next() * (high - low + 1)),
    /** @template T @param {readonly T[]} among @returns {T} */
    pick: (among) => among[Math.floor(next() * among.length)],
    /** A key of `weights`, by weight. @template {string} K @param {Record<K, number>} weights @returns {K} */
    weighted(weights) {
      const entries = /** @type {[K, number][]} */ (Object.entries(weights))
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [key, weight] of entries) if ((left -= weight) < 0) return key
      return entries[0][0]
    },
    /** Between two events of a Poisson process. @param {number} meanMs */
    pause: (meanMs) => -Math.log(1 - next()) * meanMs,
  }
}

/** @typedef {ReturnType<typeof chanceOf>} Chance */

// The dice of the campaigns: seeded, so that a seed names the plan of a whole run.
import { seededRng } from '../dist/core/rng.js'

/** @param {number} seed */
export function chanceOf(seed) {
  const { next } = seededRng(seed)
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

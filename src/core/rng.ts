/**
 * Seeded chance for the core, so that a bug report becomes a seed. The generator is mulberry32
 * (Tommy Ettinger, public domain): 32 bits of state, good enough for jitter and nothing else.
 */
export interface Rng {
  /** A number in [0, 1). */
  next(): number
}

export function seededRng(seed: number): Rng {
  let state = seed >>> 0
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0
      let t = state
      t = Math.imul(t ^ (t >>> 15), t | 1)
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
      return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
    },
  }
}

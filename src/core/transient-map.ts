/**
 * A Map whose entries come and go all the time, for as long as the process runs.
 *
 * Theory of operation. A Map of V8 that has used up its table, deleted entries included, goes on with another
 * one, and the old table points to it (for the sake of iterators). Once a table lies in the old generation, each
 * later one is reached from a dead one before it: the young collector keeps all of them, and every entry that
 * they had when they were left, and moves them to the old generation too, until a full collection ends the
 * chain. With some hundred jobs under way that was half of all memory that was ever allocated. So the Map is
 * left for a copy of itself now and then, to which nothing points. Measured:
 * docs/decisions/0015-memory-on-the-hot-path.md.
 */

/** Fewer inserts than that are no chain worth ending. */
const insertsMin = 256

/** The order of iteration is that of a Map. While somebody iterates, entries may be changed and removed, not added. */
export class TransientMap<K, V> {
  #map = new Map<K, V>()
  #insertsLeft = insertsMin

  get size(): number {
    return this.#map.size
  }

  get(key: K): V | undefined {
    return this.#map.get(key)
  }

  has(key: K): boolean {
    return this.#map.has(key)
  }

  set(key: K, value: V): void {
    this.#insertsLeft -= 1
    if (this.#insertsLeft < 0 && !this.#map.has(key)) this.#renew()
    this.#map.set(key, value)
  }

  delete(key: K): boolean {
    return this.#map.delete(key)
  }

  clear(): void {
    this.#map = new Map()
    this.#insertsLeft = insertsMin
  }

  keys(): IterableIterator<K> {
    return this.#map.keys()
  }

  values(): IterableIterator<V> {
    return this.#map.values()
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.#map[Symbol.iterator]()
  }

  /** A copy costs as much as its entries: it has to be good for more inserts than it has. */
  #renew(): void {
    const map = new Map<K, V>()
    // Without a pair made of each entry, as a loop would.
    this.#map.forEach((value, key) => map.set(key, value))
    this.#map = map
    this.#insertsLeft = Math.max(insertsMin, 2 * map.size)
  }
}

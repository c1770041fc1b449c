/**
 * First in, first out, without copying at every take: what has been taken is cut off in slices, and until then
 * its place is empty, so that nothing is kept in memory for it.
 */
export class Fifo<T> {
  #items: (T | undefined)[] = []
  #taken = 0

  get size(): number {
    return this.#items.length - this.#taken
  }

  get first(): T | undefined {
    return this.#items[this.#taken]
  }

  push(item: T): void {
    this.#items.push(item)
  }

  take(): T | undefined {
    const item = this.first
    if (item === undefined) return undefined
    this.#items[this.#taken] = undefined
    this.#taken += 1
    if (this.#taken * 2 > this.#items.length) this.#cut()
    return item
  }

  /** Rare, and as long as the queue. */
  remove(item: T): void {
    this.#cut()
    this.#items = this.#items.filter((other) => other !== item)
  }

  takeAll(): T[] {
    this.#cut()
    return this.#items.splice(0) as T[]
  }

  #cut(): void {
    this.#items = this.#items.slice(this.#taken)
    this.#taken = 0
  }
}

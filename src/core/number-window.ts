/**
 * What is kept under consecutive numbers, of which the lowest leave first: a list whose front moves on. Cheaper
 * than a Map (docs/decisions/0015-memory-on-the-hot-path.md). One entry that stays would keep the place of each
 * later one, gone or not: for what is answered, or given up, within seconds.
 */
import { invariant } from './invariant.ts'

export class NumberWindow<T extends object> {
  #items: (T | undefined)[] = []
  /** The number of the first place, which may be empty. */
  #start = 0
  /** How many places in front are empty, at least. */
  #front = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The lowest number that is there. */
  get first(): number | undefined {
    return this.#size === 0 ? undefined : this.#start + this.#front
  }

  get(number: number): T | undefined {
    return number < this.#start ? undefined : this.#items[number - this.#start]
  }

  /** A number below the lowest one was given up for good. */
  set(number: number, item: T): void {
    if (this.#size === 0) this.#beginAt(number)
    const place = number - this.#start
    invariant(place >= this.#front, 'numbers grow')
    while (this.#items.length < place) this.#items.push(undefined)
    if (this.#items[place] === undefined) this.#size += 1
    this.#items[place] = item
  }

  delete(number: number): void {
    if (this.get(number) === undefined) return
    this.#items[number - this.#start] = undefined
    this.#size -= 1
    if (this.#size === 0) this.#beginAt(number)
    while (this.#items[this.#front] === undefined && this.#size > 0) this.#front += 1
    if (this.#front * 2 > this.#items.length) this.#cut()
  }

  /** Ascending. While somebody iterates, entries may be changed, not added or removed. */
  *[Symbol.iterator](): Generator<[number: number, item: T]> {
    for (const [place, item] of this.#items.entries()) {
      if (item !== undefined) yield [this.#start + place, item]
    }
  }

  *keys(): Generator<number> {
    for (const [number] of this) yield number
  }

  #beginAt(number: number): void {
    this.#items = []
    this.#start = number
    this.#front = 0
  }

  #cut(): void {
    this.#items = this.#items.slice(this.#front)
    this.#start += this.#front
    this.#front = 0
  }
}

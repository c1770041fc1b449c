/** A binary heap: the ready queue and the scheduled jobs are ordered by it. Ties never happen: keys are unique. */
export class Heap<T> {
  readonly #items: T[] = []
  readonly #before: (a: T, b: T) => boolean

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before
  }

  get size(): number {
    return this.#items.length
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    const items = this.#items
    let at = items.length
    items.push(item)
    while (at > 0) {
      const up = (at - 1) >> 1
      const parent = items[up] as T
      if (!this.#before(item, parent)) break
      items[at] = parent
      at = up
    }
    items[at] = item
  }

  pop(): T | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (last === undefined || items.length === 0) return top
    this.#sink(last)
    return top
  }

  /** Takes everything out, in no order. */
  drain(): T[] {
    return this.#items.splice(0)
  }

  #sink(item: T): void {
    const items = this.#items
    const half = items.length >> 1
    let at = 0
    while (at < half) {
      let down = 2 * at + 1
      const right = down + 1
      if (right < items.length && this.#before(items[right] as T, items[down] as T)) down = right
      const child = items[down] as T
      if (!this.#before(child, item)) break
      items[at] = child
      at = down
    }
    items[at] = item
  }
}

/** Fewer dead entries than that are not worth a look at all of them. */
const deadMin = 1_000

/**
 * Whether a queue that skips dead entries only when they come up should remove them all: when they outnumber the
 * live ones, so that it looks at two entries for each that died.
 */
export function hasManyDead(entries: number, live: number): boolean {
  return entries - live > Math.max(deadMin, live)
}

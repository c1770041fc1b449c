/** What has happened so far, and a promise for when it has happened so many times: tests wait for that. */
export class Happened<T = void> {
  readonly all: T[] = []
  readonly #waiting = new Set<{ count: number; resolve(): void }>()

  /** An arrow, so that it can be handed on as a callback. */
  readonly note = (what: T): void => {
    this.all.push(what)
    for (const one of this.#waiting) {
      if (one.count > this.all.length) continue
      this.#waiting.delete(one)
      one.resolve()
    }
  }

  /** Resolves with everything that has happened, once that is at least so much. */
  async times(count: number): Promise<readonly T[]> {
    if (this.all.length < count) {
      await new Promise<void>((resolve) => this.#waiting.add({ count, resolve }))
    }
    return this.all
  }
}

/** The receiving end of a worker's stream: which orders have arrived, as the contiguous part and the later ones. */
export class OrderReceiver {
  #through: number
  readonly #later = new Set<number>()

  constructor(nextOrder: number) {
    this.#through = nextOrder - 1
  }

  get through(): number {
    return this.#through
  }

  /** Arrived ones behind a hole, ascending. */
  get also(): readonly number[] {
    return this.#later.size === 0 ? none : [...this.#later].sort((a, b) => a - b)
  }

  /** `false`: it has arrived before. */
  take(order: number): boolean {
    if (order <= this.#through || this.#later.has(order)) return false
    if (order > this.#through + 1) {
      this.#later.add(order)
      return true
    }
    this.#through = order
    while (this.#later.delete(this.#through + 1)) this.#through += 1
    return true
  }
}

const none: readonly number[] = []

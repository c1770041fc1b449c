/**
 * One table of deadlines, one wakeup: the core names its timers, only the shell owns a real one
 * (the idea is quinn-proto's).
 */
export type TimerName = 'beat' | 'due' | 'rollCall'

export class Timers {
  readonly #deadlines = new Map<TimerName, number>()

  set(name: TimerName, deadlineMs: number): void {
    this.#deadlines.set(name, deadlineMs)
  }

  clear(name: TimerName): void {
    this.#deadlines.delete(name)
  }

  /** Earliest deadline, or `undefined` when nothing is due ever. */
  get nextMs(): number | undefined {
    let next: number | undefined
    for (const deadline of this.#deadlines.values()) {
      if (next === undefined || deadline < next) next = deadline
    }
    return next
  }

  /** Takes out and names what is due, earliest first. */
  takeDue(nowMs: number): TimerName[] {
    const due = [...this.#deadlines].filter(([, deadline]) => deadline <= nowMs)
    due.sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1))
    for (const [name] of due) this.#deadlines.delete(name)
    return due.map(([name]) => name)
  }
}

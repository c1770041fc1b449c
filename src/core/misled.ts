/**
 * Managers that take this worker for an earlier one at its address. They wait for one who is gone, and
 * leave its jobs with it, since silence on a live connection means nothing: so each is told who is here,
 * when it opens a stream and, in case that was lost, while it goes on sending.
 */
import type { Orders, StreamOpen } from './worker-event.ts'

/** More than anyone has; whoever opens streams without end must not fill the memory. */
const managersMax = 16

export class MisledManagers {
  readonly #everyMs: number
  readonly #byStream = new Map<string, { open: StreamOpen; toldMs: number }>()

  constructor(everyMs: number) {
    this.#everyMs = everyMs
  }

  opened(open: StreamOpen, nowMs: number): void {
    this.#byStream.delete(open.stream)
    this.#byStream.set(open.stream, { open, toldMs: nowMs })
    const [oldest] = this.#byStream.keys()
    if (this.#byStream.size > managersMax && oldest !== undefined) this.#byStream.delete(oldest)
  }

  /** The `open` that is to be answered once more, if these orders follow one and it is time. */
  toBeToldAgain({ incarnation, stream }: Orders, nowMs: number): StreamOpen | undefined {
    const misled = this.#byStream.get(stream)
    if (misled?.open.incarnation !== incarnation) return undefined
    if (nowMs - misled.toldMs < this.#everyMs) return undefined
    misled.toldMs = nowMs
    return misled.open
  }
}

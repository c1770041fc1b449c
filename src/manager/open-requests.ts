/** Requests that are at the core: what is needed for their reply, by a key that comes back in its answer. */
import { TransientMap } from '../core/transient-map.ts'

export class OpenRequests<T> {
  readonly #open = new TransientMap<string, T>()
  #lastKey = 0

  /** Its key. */
  add(request: T): string {
    this.#lastKey += 1
    const key = String(this.#lastKey)
    this.#open.set(key, request)
    return key
  }

  /** Once; `undefined` for a key that is not open. */
  take(key: string): T | undefined {
    const request = this.#open.get(key)
    this.#open.delete(key)
    return request
  }

  takeAll(): readonly T[] {
    const all = [...this.#open.values()]
    this.#open.clear()
    return all
  }
}

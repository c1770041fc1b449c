/**
 * Brings SQLite's log to the disk without holding the loop. With `synchronous = FULL` SQLite does it inside
 * COMMIT, and the thread waits a millisecond or more for the disk; with NORMAL it leaves it to us (and to
 * its checkpoints, which it keeps safe itself). So a group is acknowledged after its `flush`, and until
 * then the next one gathers.
 *
 * A failed flush is final: the kernel may have dropped what it could not write, and would call the next
 * flush a success. Only what the disk has counts then, and that a restart finds.
 */
import { closeSync, fdatasync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { flushFailed } from '../storage-errors.ts'
import { syncPath } from './schema.ts'

export class LogSync {
  readonly #path: string
  readonly #log: number
  #failure: Error | undefined
  #underWay = 0
  #isClosed = false

  /** `path` of the store's file, which has been written to: its log is there. */
  constructor(path: string) {
    this.#path = path
    this.#log = openSync(`${path}-wal`, 'r+')
    // The log is a new name in it.
    syncPath(dirname(path))
  }

  /** Resolves when everything that was committed before is on the disk. @throws CT_STORE_FAILED */
  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    this.#underWay += 1
    try {
      await dataSync(this.#log)
    } catch (cause) {
      this.#failure = flushFailed(this.#path, cause)
    }
    this.#underWay -= 1
    if (this.#isClosed && this.#underWay === 0) closeSync(this.#log)
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Once. What is under way is waited for. */
  close(): void {
    this.#isClosed = true
    if (this.#underWay === 0) closeSync(this.#log)
  }
}

function dataSync(file: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(file, (error) => (error === null || error === undefined ? resolve() : reject(error)))
  })
}

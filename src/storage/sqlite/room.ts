/**
 * Room on the disk for what is in the store already. While little is free, new jobs are refused, so that
 * those that run can still settle: they take room too, for SQLite writes even a DELETE into its log first.
 * For the day when somebody else fills the disk there is a ballast beside the file, which is given up then.
 */
import { randomFillSync } from 'node:crypto'
import { rmSync, statfsSync, statSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Group } from '../../core/mutation.ts'
import { isCarbontubeError } from '../../errors/errors.ts'
import { storeFull } from '../storage-errors.ts'

const MiB = 1024 * 1024

/** With less free space on the disk no new jobs are let in. */
export const freeBytesMinDefault = 256 * MiB

/** A log up to its checkpoint, and the same again in the file. */
const ballastBytesMax = 16 * MiB
const chunkBytes = MiB

/** Free space for this user on the disk of a file; infinite where that cannot be asked. */
export function freeBytesBeside(path: string): number {
  try {
    const { bavail, bsize, blocks } = statfsSync(dirname(path))
    // Some file systems do not count.
    return blocks === 0 ? Infinity : bavail * bsize
  } catch {
    return Infinity
  }
}

/** How much is in the ballast beside a file. */
export function ballastBytesOf(path: string): number {
  return statSync(`${path}-ballast`, { throwIfNoEntry: false })?.size ?? 0
}

export function isFull(error: unknown): boolean {
  return isCarbontubeError(error) && error.code === 'CT_STORE_FULL'
}

/** Of a file that this process has open for writing. */
export class Room {
  readonly #path: string
  readonly #freeBytesMin: number
  readonly #ballastBytes: number
  #making: Promise<void> | undefined
  #isClosed = false

  /** `freeBytesMin` 0: the disk is not looked at, and there is no ballast. */
  constructor(path: string, freeBytesMin: number) {
    this.#path = path
    this.#freeBytesMin = freeBytesMin
    this.#ballastBytes = Math.min(ballastBytesMax, Math.floor(freeBytesMin / 4))
  }

  /** Throws CT_STORE_FULL for a group with new jobs while little is free. */
  refuseInserts(group: Group): void {
    if (this.#freeBytesMin === 0 || group.mutations[0]?.type !== 'insert') return
    const free = freeBytesBeside(this.#path)
    if (free >= this.#freeBytesMin) return
    const least = (this.#freeBytesMin / MiB).toFixed(0)
    throw storeFull(`${this.#path}: less than ${least} MiB are free on its disk`)
  }

  /** Whether what failed with `error` is worth another try, because the ballast has made room for it. */
  makeFor(error: unknown): boolean {
    if (!isFull(error)) return false
    // Not when it is the limit of the file that was met.
    if (ballastBytesOf(this.#path) === 0 || freeBytesBeside(this.#path) >= this.#freeBytesMin) {
      return false
    }
    rmSync(`${this.#path}-ballast`, { force: true })
    return true
  }

  /** Writes what is not about new jobs: with the ballast's room when there is no other. */
  giveTo<T>(write: () => T): T {
    try {
      return write()
    } catch (error) {
      if (!this.makeFor(error)) throw error
      return write()
    }
  }

  /** Makes the ballast if it is missing and there is room for more than it; never throws. */
  async keepBallast(): Promise<void> {
    if (this.#isClosed || this.#ballastBytes === 0) return
    this.#making ??= this.#makeBallast().finally(() => (this.#making = undefined))
    await this.#making
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#making
  }

  async #makeBallast(): Promise<void> {
    if (ballastBytesOf(this.#path) >= this.#ballastBytes) return
    if (freeBytesBeside(this.#path) < this.#freeBytesMin + this.#ballastBytes) return
    const unfinished = `${this.#path}-ballast-new`
    try {
      const file = await open(unfinished, 'w')
      try {
        // Neither a hole nor a compressed one: it has to take the room that it is to give.
        const chunk = randomFillSync(Buffer.alloc(Math.min(chunkBytes, this.#ballastBytes)))
        for (let bytes = 0; bytes < this.#ballastBytes && !this.#isClosed; bytes += chunk.length) {
          await file.write(chunk)
        }
      } finally {
        await file.close()
      }
      if (!this.#isClosed) await rename(unfinished, `${this.#path}-ballast`)
    } catch {
      // The disk has filled up meanwhile; it is tried again.
    } finally {
      rmSync(unfinished, { force: true })
    }
  }
}

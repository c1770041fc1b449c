/** A disk of a few MiB that a test can fill to the last byte: a tmpfs, which only root may mount. */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const MiB = 1024 * 1024

/** Why these tests cannot run here; `undefined` when they can. */
export function noSmallDisk(): string | undefined {
  if (process.platform !== 'linux') return 'a tmpfs needs Linux'
  return process.getuid?.() === 0 ? undefined : 'only root may mount a tmpfs'
}

export class SmallDisk {
  readonly folder: string
  readonly #filler: string

  constructor(folder: string, sizeMiB: number) {
    this.folder = folder
    this.#filler = join(folder, 'filler')
    mkdirSync(folder)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', folder])
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.folder)
    return bavail * bsize
  }

  /** Leaves so much, and nothing without a number. */
  fill(leftMiB = 0): void {
    const file = openSync(this.#filler, 'a')
    const chunk = Buffer.alloc(4_096, 1)
    try {
      while (this.freeBytes > leftMiB * MiB) writeSync(file, chunk)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    } finally {
      closeSync(file)
    }
  }

  /** Takes away what filled it. */
  free(): void {
    rmSync(this.#filler)
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.folder])
  }
}

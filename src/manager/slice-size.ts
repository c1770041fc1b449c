/**
 * How many jobs to read from the store at once. Nobody knows beforehand how large they are: two hundred bytes or
 * eight megabytes each. So few at first, then as many as those before say that memory can take.
 */
import type { JobRecord } from '../core/job.ts'

const sizeFirst = 16
const sizeMax = 256
/** Instructions that one slice should come to at most. */
const bytesWanted = 8 * 1024 * 1024

export class SliceSize {
  #jobs = sizeFirst

  /** Of the next slice. */
  get jobs(): number {
    return this.#jobs
  }

  /** A slice has been read; answers the bytes of its instructions. */
  read(jobs: readonly JobRecord[]): number {
    const bytes = jobs.reduce((sum, { instructions }) => sum + instructions.length, 0)
    if (jobs.length === 0) return 0
    const fitting = Math.floor((bytesWanted * jobs.length) / Math.max(1, bytes))
    this.#jobs = Math.max(1, Math.min(fitting, 4 * this.#jobs, sizeMax))
    return bytes
  }
}

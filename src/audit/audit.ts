/** An audit of all jobs of a store, one after the other: what is found, and how many there are of each state. */
import type { AttemptRecord, JobId, JobRecord } from '../core/job.ts'
import { checkJob, type CheckOptions } from './check-job.ts'
import { isViolation, type Finding } from './finding.ts'

export interface AuditSummary {
  readonly jobs: number
  readonly states: Readonly<Record<JobRecord['state'], number>>
  /** Jobs of whose history the beginning is no longer kept: less could be checked. */
  readonly truncated: number
  readonly violations: number
  readonly warnings: number
}

export interface AuditOptions extends CheckOptions {
  onFinding(finding: Finding): void
}

export class Audit {
  readonly #options: AuditOptions
  readonly #ids = new Set<JobId>()
  readonly #states = { ready: 0, scheduled: 0, done: 0, dead: 0, cancelled: 0 }
  #truncated = 0
  #violations = 0
  #warnings = 0

  constructor(options: AuditOptions) {
    this.#options = options
  }

  get summary(): AuditSummary {
    const jobs = Object.values(this.#states).reduce((sum, count) => sum + count, 0)
    return {
      ...{ jobs, states: { ...this.#states }, truncated: this.#truncated },
      ...{ violations: this.#violations, warnings: this.#warnings },
    }
  }

  add(record: JobRecord, attempts: readonly AttemptRecord[]): void {
    const { id, state } = record
    this.#states[state] += 1
    // I1: an acknowledged id has exactly one record.
    if (this.#ids.has(id)) this.found({ code: 'idNotUnique', jobId: id, what: 'is there twice' })
    this.#ids.add(id)
    const { findings, isTruncated } = checkJob(record, attempts, this.#options)
    for (const finding of findings) this.found(finding)
    if (isTruncated) this.#truncated += 1
  }

  /** Also what others found who looked at the same store. */
  found(finding: Finding): void {
    if (isViolation(finding)) this.#violations += 1
    else this.#warnings += 1
    this.#options.onFinding(finding)
  }
}

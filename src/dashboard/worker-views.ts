/** The workers of a pipeline: those that are there by its status, and those that were lost lately by events. */
import { shardsAsOne } from '../client/all-shards.ts'
import { given } from '../language/given.ts'
import type { PublishedEvent } from '../wire/published.ts'
import type { WorkerJob, WorkerView } from './api-types.ts'
import type { Sample } from './pipeline-watch.ts'
import type { WorkerStatus } from '../core/status.ts'

/** A lost worker is shown for so long, and no more of them than that. */
const lostShownMs = 15 * 60_000
const lostMax = 100
/** Jobs of a worker that are shown. */
const jobsMax = 20

type Progress = NonNullable<WorkerJob['progress']>

/** A status may lack a worker before the event says that it was lost: so long it is remembered. */
const goneKeptMs = 60_000

export class WorkerViews {
  #present = new Map<string, WorkerView>()
  /** By id: those that the last statuses did not have any more. */
  readonly #gone = new Map<string, { readonly view: WorkerView; readonly sinceMs: number }>()
  readonly #lost = new Map<string, WorkerView>()

  take({ atMs, status }: Sample): void {
    const pipeline = status.welcome.pipeline
    const { workers } = shardsAsOne(status.shards)
    const before = this.#present
    this.#present = new Map(workers.map((worker) => [placeOf(worker), viewOf(pipeline, worker)]))
    for (const [place, view] of before) {
      if (!this.#present.has(place)) this.#gone.set(view.id, { view, sinceMs: atMs })
    }
    for (const [id, { sinceMs }] of this.#gone) {
      if (atMs - sinceMs > goneKeptMs) this.#gone.delete(id)
    }
    for (const [id, { lostMs = 0 }] of this.#lost) {
      if (this.#isPresent(id) || atMs - lostMs > lostShownMs) this.#lost.delete(id)
    }
  }

  /** `worker.lost`, as each shard says it. */
  lost({ atMs, fields }: PublishedEvent): void {
    const id = String(fields['worker'])
    const present = [...this.#present.values()].find((view) => view.id === id)
    const known = present ?? this.#gone.get(id)?.view ?? this.#lost.get(id)
    if (known === undefined) return
    const told = Array.isArray(fields['jobs']) ? fields['jobs'].map(String) : undefined
    const jobs = told ?? known.released ?? known.jobs.map((job) => job.id)
    this.#lost.delete(id)
    this.#lost.set(id, {
      ...{ ...known, state: 'lost', used: 0, jobs: [], lostMs: atMs },
      ...{ lostCause: String(fields['cause']), released: jobs.slice(0, jobsMax) },
    })
    for (const oldest of this.#lost.keys()) {
      if (this.#lost.size <= lostMax) break
      this.#lost.delete(oldest)
    }
  }

  joined({ fields }: PublishedEvent): void {
    this.#lost.delete(String(fields['worker']))
  }

  list(progressOf: (jobId: string) => Progress | undefined): readonly WorkerView[] {
    const present = [...this.#present.values()].filter(({ id }) => !this.#lost.has(id))
    return [...present, ...this.#lost.values()].map((view) => ({
      ...view,
      jobs: view.jobs.map((job) => ({ ...job, ...given({ progress: progressOf(job.id) }) })),
    }))
  }

  #isPresent(id: string): boolean {
    return [...this.#present.values()].some((view) => view.id === id && view.state === 'ready')
  }
}

function placeOf({ id, address }: WorkerStatus): string {
  return `${id} ${address}`
}

function viewOf(pipeline: string, worker: WorkerStatus): WorkerView {
  const { id, jobType: phase, address, state, running, concurrency, stuck, done, failed } = worker
  const { host, pid, version, durationMs, seenMs, rssBytes, loopLagMs } = worker
  const ended = done + failed
  const jobs = worker.jobs.map(({ id: job, attempt, startedMs }) => ({
    ...{ id: job, attempt },
    ...given({ startedMs: startedMs === 0 ? undefined : startedMs }),
  }))
  return {
    ...{ pipeline, id, host, pid, phase, version, address, state, stuck, done, failed, jobs },
    // What it has beyond its slots waits in it.
    ...{ used: Math.min(running, concurrency), slots: concurrency },
    ...given({
      score: ended === 0 ? undefined : Math.round((100 * done) / ended),
      durationMs: durationMs === 0 ? undefined : Math.round(durationMs * 10) / 10,
      seenMs: seenMs === 0 ? undefined : seenMs,
      rssBytes,
      loopLagMs,
    }),
  }
}

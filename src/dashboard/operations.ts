/**
 * Orders about many jobs: carried out by the server, a batch at a time, so that a page may be closed
 * meanwhile. Each batch may be sent again without harm, so an operation outlives the restart of a manager.
 */
import { randomUUID } from 'node:crypto'
import type { PipelineClient } from '../client/pipeline-client.ts'
import { CarbontubeError, isCarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import { newJobId } from '../runtime/entropy.ts'
import type { Operation, OperationRequest } from './api-types.ts'

const keptMs = 3_600_000
const keptMax = 1_000
/** At once: each has a batch at the managers all the time. */
const runningMax = 10
/** From here on the count has to be confirmed. */
export const confirmFrom = 1_000
const batchMax = 200
/** How long a batch is tried when no manager answers. */
const patienceMs = 60_000
const retryMs = 500
/** An operation is told of so often while it runs. */
const tellMs = 250

type Client = Pick<PipelineClient, 'redriveJobs' | 'discardJobs' | 'cancelJob' | 'retryJob'>
type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export interface OperationPlan {
  readonly request: OperationRequest
  readonly ids: readonly string[]
  readonly by: string
  /** @throws CT_UNREACHABLE */
  client(): Client
}

interface Entry {
  readonly view: Mutable<Operation>
  readonly abort: AbortController
}

export class Operations {
  readonly #entries = new Map<string, Entry>()
  readonly #nowMs: () => number
  readonly #tell: (operation: Operation) => void

  constructor(parts: { nowMs(): number; tell(operation: Operation): void }) {
    this.#nowMs = parts.nowMs
    this.#tell = parts.tell
  }

  /** The newest first. */
  list(): readonly Operation[] {
    this.#forget()
    return [...this.#entries.values()].map(({ view }) => ({ ...view })).toReversed()
  }

  /** @throws CT_NOT_FOUND */
  get(id: string): Operation {
    return { ...this.#entry(id).view }
  }

  /** What one batch has done stays done. @throws CT_NOT_FOUND */
  abort(id: string): Operation {
    const { abort, view } = this.#entry(id)
    abort.abort()
    if (view.state === 'running') this.#end(view, 'aborted')
    return { ...view }
  }

  abortAll(): void {
    for (const { abort } of this.#entries.values()) abort.abort()
  }

  /** @throws CT_REFUSED when the count has to be confirmed, CT_BUSY */
  start(plan: OperationPlan): Operation {
    const { request, ids, by } = plan
    this.#forget()
    const { action, pipeline, dryRun = false } = request
    const view: Mutable<Operation> = {
      ...{ id: randomUUID(), action, pipeline, by, startedMs: this.#nowMs(), total: ids.length },
      ...{ state: 'running', processed: 0, outcomes: {} },
    }
    if (dryRun) {
      // Only counted: nothing is kept of it.
      return { ...view, state: 'done', endedMs: this.#nowMs() }
    }
    checkConfirmed(request, ids.length)
    const running = [...this.#entries.values()].filter((one) => one.view.state === 'running')
    if (running.length >= runningMax) {
      throw new CarbontubeError('CT_BUSY', `${running.length} operations are running already`, {
        hint: 'Wait for one of them, or abort it.',
      })
    }
    const entry = { view, abort: new AbortController() }
    this.#entries.set(view.id, entry)
    void this.#run(entry, plan)
    return { ...view }
  }

  async #run({ view, abort }: Entry, plan: OperationPlan): Promise<void> {
    const { request, ids } = plan
    const { perSecondMax = Infinity } = request
    const size = Math.max(1, Math.min(batchMax, Math.ceil(perSecondMax / 4)))
    let toldMs = 0
    try {
      for (let at = 0; at < ids.length && !abort.signal.aborted; at += size) {
        const batch = newBatch(request, ids.slice(at, at + size))
        const outcomes = await this.#insist(() => batch(plan.client()), abort.signal)
        // What was on its way when it was aborted has been done all the same.
        view.processed += outcomes.length
        view.outcomes = tally(view.outcomes, outcomes)
        // What ended meanwhile was told without this batch.
        const isOver = view.state !== 'running'
        if (isOver || this.#nowMs() - toldMs >= tellMs) this.#tell({ ...view })
        toldMs = Math.max(toldMs, this.#nowMs() - toldMs >= tellMs ? this.#nowMs() : toldMs)
        const isLast = view.processed >= ids.length
        if (!isLast) await this.#pace(view, perSecondMax, abort.signal)
      }
      if (view.state === 'running') this.#end(view, abort.signal.aborted ? 'aborted' : 'done')
    } catch (error) {
      if (view.state !== 'running') return
      view.error = error instanceof Error ? error.message : String(error)
      this.#end(view, 'failed')
    }
  }

  /** Until the jobs that were done do not exceed the rate any more. */
  async #pace(view: Operation, perSecondMax: number, signal: AbortSignal): Promise<void> {
    if (perSecondMax === Infinity) return
    const dueMs = view.startedMs + (view.processed / perSecondMax) * 1_000
    await pause(dueMs - this.#nowMs(), signal)
  }

  async #insist<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const endMs = this.#nowMs() + patienceMs
    for (;;) {
      try {
        return await work()
      } catch (error) {
        const isAway =
          isCarbontubeError(error) &&
          ['CT_UNREACHABLE', 'CT_TIMED_OUT', 'CT_BUSY'].includes(error.code)
        if (!isAway || signal.aborted || this.#nowMs() > endMs) throw error
        await pause(retryMs, signal)
      }
    }
  }

  #end(view: Mutable<Operation>, state: Operation['state']): void {
    view.state = state
    view.endedMs = this.#nowMs()
    this.#tell({ ...view })
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id)
    if (entry !== undefined) return entry
    throw new CarbontubeError(
      'CT_NOT_FOUND',
      `no operation ${JSON.stringify(id.slice(0, 64))} is known`,
      {
        hint: 'An operation is kept for an hour; a restart of the dashboard forgets them.',
      },
    )
  }

  #forget(): void {
    const nowMs = this.#nowMs()
    for (const [id, { view }] of this.#entries) {
      if (view.endedMs === undefined) continue
      const isOld = nowMs - view.endedMs > keptMs || this.#entries.size >= keptMax
      if (isOld) this.#entries.delete(id)
    }
  }
}

function checkConfirmed({ confirm }: OperationRequest, total: number): void {
  if (total <= confirmFrom || confirm === total) return
  const said = confirm === undefined ? 'that was not confirmed' : `${confirm} were confirmed`
  throw new CarbontubeError('CT_REFUSED', `the operation means ${total} jobs, and ${said}`, {
    hint: `Send it again with confirm: ${total}, if that is what you want.`,
    details: { total },
  })
}

/** The same each time it is called: a new job that was stored already is then a duplicate. */
function newBatch(
  { action }: OperationRequest,
  ids: readonly string[],
): (client: Client) => Promise<readonly string[]> {
  const outcomes = (answers: readonly { readonly outcome: string }[]) =>
    answers.map(({ outcome }) => outcome)
  switch (action) {
    case 'redrive':
      return async (client) => outcomes(await client.redriveJobs(ids))
    case 'discard':
      return async (client) => outcomes(await client.discardJobs(ids))
    case 'cancel':
      return (client) => Promise.all(ids.map((id) => client.cancelJob(id)))
    case 'retry': {
      const pairs = ids.map((id) => ({ id, newId: newJobId() }))
      return (client) => Promise.all(pairs.map((pair) => retried(client, pair)))
    }
  }
}

async function retried(client: Client, of: { id: string; newId: string }): Promise<string> {
  try {
    const { ok, outcome } = await client.retryJob(of.id, { id: of.newId })
    return ok ? 'enqueued' : outcome
  } catch (error) {
    if (isCarbontubeError(error) && error.code === 'CT_REFUSED') return 'notSettled'
    if (isCarbontubeError(error) && error.code === 'CT_JOB_NOT_FOUND') return 'notFound'
    throw error
  }
}

function tally(
  before: Operation['outcomes'],
  outcomes: readonly string[],
): Readonly<Record<string, number>> {
  const counts = new Map(Object.entries(before))
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  return given(Object.fromEntries(counts))
}

/** Ends at once when it is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}

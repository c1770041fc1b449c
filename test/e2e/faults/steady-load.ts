/**
 * Jobs that keep coming while somebody torments what they run on, and the judgement afterwards: whether all
 * that was acknowledged is done, once, and each result under the grant that brought it.
 */
import { expect } from 'vitest'
import type { PipelineClient } from '../../../src/client/pipeline-client.ts'
import { numbered, type Bench } from '../processes.ts'

interface Acknowledged {
  readonly id: string
  readonly atMs: number
}

/** Enqueues at a steady rate until it is ended, and keeps what was acknowledged, in that order. */
export class Feed {
  readonly acknowledged: Acknowledged[] = []
  /** Requests that nobody answered in time: what became of their jobs is not known. */
  unanswered = 0
  /** Requests that were answered, one behind the other. */
  answered = 0
  readonly #client: PipelineClient
  readonly #perSecond: number
  readonly #done: Promise<void>
  #isEnding = false

  constructor(client: PipelineClient, perSecond: number) {
    this.#client = client
    this.#perSecond = perSecond
    this.#done = this.#run()
    // Thrown by `end`, which a test that has failed does not reach.
    this.#done.catch(() => {})
  }

  get ids(): string[] {
    return this.acknowledged.map(({ id }) => id)
  }

  async end(): Promise<void> {
    this.#isEnding = true
    await this.#done
  }

  async #run(): Promise<void> {
    const startedMs = performance.now()
    let sent = 0
    while (!this.#isEnding) {
      const due = Math.floor(((performance.now() - startedMs) / 1_000) * this.#perSecond) - sent
      if (due === 0) await new Promise((resolve) => setImmediate(resolve))
      else {
        sent += due
        await this.#enqueue(Math.min(due, 1_000))
      }
    }
  }

  async #enqueue(count: number): Promise<void> {
    try {
      for (const { ok, job } of await this.#client.enqueueJobs(numbered(count))) {
        if (ok) this.acknowledged.push({ id: job.id, atMs: performance.now() })
      }
      this.answered += 1
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'CT_TIMED_OUT') throw error
      this.unanswered += 1
    }
  }
}

/** How jobs have ended, by their ids; `notFound` for one that the store does not have. */
export async function endsOf(
  client: PipelineClient,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const states = new Map<string, string>()
  await client.waitForJobs(ids, 90_000, (items) => {
    for (const { id, state } of items) states.set(id, state)
  })
  return states
}

interface Audited {
  readonly jobs: number
  /** Executions of a phase of a job beyond its first. */
  readonly repeated: number
}

/**
 * Holds the store of the shared-store pipeline against the ledger: no violation, so no phase is completed
 * twice and each result is that of its own grant; and no two grants ever had one token.
 */
export async function expectSound(
  bench: Bench,
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<Audited> {
  const audit = await bench.run(['audit', file, '--ledger', bench.ledger, '--json'], '', env)
  expect(audit).toMatchObject({ code: 0, stderr: '' })
  const grants = new Map<string, string>()
  for (const { fence, jobId, phase } of bench.entries()) {
    const grant = `${phase} of ${jobId}`
    expect(grants.get(fence) ?? grant, `two grants under ${fence}`).toBe(grant)
    grants.set(fence, grant)
  }
  return JSON.parse(audit.stdout.trim().split('\n').at(-1) ?? '') as Audited
}

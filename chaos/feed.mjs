// The client of a campaign: enqueues at a steady rate whatever happens, sends again what has no answer, and
// remembers what was acknowledged.
import { setTimeout as sleep } from 'node:timers/promises'
import { isCarbontubeError } from 'carbontube'

const groupMax = 500
const tickMs = 100
const groupsInFlightMax = 40

export class Feed {
  #client
  #options
  /** @type {Set<Promise<void>>} */
  #underWay = new Set()
  #made = 0
  /** @type {(() => void)[]} */
  #whenAnswered = []
  /** Ids of jobs that the manager has said to have stored. @type {Set<string>} */
  acknowledged = new Set()
  /** Requests that were sent anew because no answer had come in time. */
  repeats = 0
  /** @type {string[]} */
  findings = []

  /** @param {import('carbontube').PipelineClient} client @param {{ pipeline: string, prefix: string, perSecond: number }} options */
  constructor(client, options) {
    this.#client = client
    this.#options = options
  }

  /** Enqueues for so long, and on until there are `jobsMin`; catches up after each outage. */
  async run({ lengthMs, jobsMin }) {
    const startedMs = performance.now()
    const elapsed = () => performance.now() - startedMs
    while (elapsed() < lengthMs || this.#made < jobsMin) {
      const due = Math.floor((elapsed() / 1_000) * this.#options.perSecond) - this.#made
      const count = Math.min(due, groupMax)
      if (count > 0 && this.#underWay.size < groupsInFlightMax) this.#send(count)
      if (due < groupMax) await sleep(tickMs)
      else await sleep(1)
    }
  }

  /** Resolves with the next answer of the manager: the moment at which a lie would be found out. */
  nextAnswer() {
    return new Promise((resolve) => this.#whenAnswered.push(() => resolve(undefined)))
  }

  /** All that was sent has its answer. */
  async answered() {
    await Promise.all(this.#underWay)
  }

  #send(count) {
    const { pipeline, prefix } = this.#options
    const jobs = Array.from({ length: count }, () => {
      this.#made += 1
      return { name: pipeline, id: `${prefix}-${this.#made}`, instructions: { n: this.#made } }
    })
    const sent = this.#untilStored(jobs).finally(() => this.#underWay.delete(sent))
    this.#underWay.add(sent)
  }

  async #untilStored(jobs) {
    const deadlineMs = performance.now() + 300_000
    for (let open = jobs; open.length > 0;) {
      if (performance.now() > deadlineMs) {
        this.findings.push(`${open.length} jobs from ${open[0].id} on were never acknowledged`)
        return
      }
      open = await this.#tryOnce(open)
    }
  }

  /** Answers what is still to be acknowledged. */
  async #tryOnce(jobs) {
    try {
      const answers = await this.#client.enqueueJobs(jobs)
      for (const resolve of this.#whenAnswered.splice(0)) resolve()
      for (const { ok, job, outcome } of answers) {
        if (ok) this.acknowledged.add(job.id)
        else if (outcome !== 'busy') this.findings.push(`job ${job.id} was refused as ${outcome}`)
      }
      const open = new Set(
        answers.flatMap(({ outcome, job }) => (outcome === 'busy' ? job.id : [])),
      )
      return jobs.filter(({ id }) => open.has(id))
    } catch (error) {
      const isLate = isCarbontubeError(error) && error.code === 'CT_TIMED_OUT'
      if (!isLate) this.findings.push(`enqueueing ended with ${String(error)}`)
      if (isLate) this.repeats += 1
      return isLate ? jobs : []
    }
  }
}

/**
 * What the jobs of a world do: how long each run of a phase takes and how it ends, drawn from the seed and
 * the run's own name, so that it does not depend on what else happens. A result names its token: whoever
 * finds it recorded can tell which run made it.
 */
import type { Outcome } from '../src/core/event.ts'
import { Chance } from './chance.ts'
import type { Knobs } from './knobs.ts'

export interface Plan {
  readonly ms: number
  readonly ends: 'done' | 'failed' | 'rejected' | 'hang' | 'deaf' | 'poison'
  /** Of a run under this token. */
  readonly outcome: (token: string) => Outcome
}

const utf8 = new TextEncoder()
const text = new TextDecoder()

/** The instructions after `phase`, made under `token`. */
export function resultBytes(jobId: string, phase: number, token: string): Uint8Array {
  return utf8.encode(`${jobId} ${phase} ${token}`)
}

/** Which run made these instructions. */
export function madeBy(instructions: Uint8Array): { phase: number; token: string } | undefined {
  const [, phase, token] = text.decode(instructions).split(' ')
  return phase === undefined || token === undefined ? undefined : { phase: Number(phase), token }
}

export class Workload {
  readonly #seed: number
  readonly #knobs: Knobs
  readonly #faultsOn: () => boolean

  constructor(seed: number, knobs: Knobs, faultsOn: () => boolean) {
    this.#seed = seed
    this.#knobs = knobs
    this.#faultsOn = faultsOn
  }

  plan(run: { jobId: string; phase: number; attempt: number; token: { sequence: number } }): Plan {
    const { jobId, phase, attempt, token } = run
    const chance = new Chance(hash(`${this.#seed} ${jobId} ${phase} ${attempt} ${token.sequence}`))
    const knobs = this.#knobs
    const isPoison = new Chance(hash(`${this.#seed} ${jobId} ${phase}`)).is(knobs.poisonRate)
    const isLong = chance.is(knobs.longRunRate)
    const ms = isLong ? chance.int(3_000, 9_000) : chance.int(0, knobs.runMs)
    if (isPoison) return { ms, ends: 'poison', outcome: failed }
    const isHealed = !this.#faultsOn()
    if (!isHealed && chance.is(knobs.hangRate)) return { ms, ends: 'hang', outcome: failed }
    if (!isHealed && chance.is(knobs.deafRate)) return { ms, ends: 'deaf', outcome: failed }
    if (chance.is(knobs.rejectRate)) return { ms, ends: 'rejected', outcome: rejected }
    if (chance.is(knobs.failRate)) return { ms, ends: 'failed', outcome: failed }
    const outcome = (tokenOfRun: string): Outcome => {
      return { type: 'done', instructions: resultBytes(jobId, phase, tokenOfRun) }
    }
    return { ms, ends: 'done', outcome }
  }
}

const error = { kind: 'thrown', name: 'Error', message: 'drawn' }
const failed = (): Outcome => ({ type: 'failed', error, retry: 'default' })
const rejected = (): Outcome => ({ type: 'failed', error, retry: 'never' })

/** FNV-1a, 32 bits. */
export function hash(value: string, seed = 0x811c9dc5): number {
  let state = seed
  for (let n = 0; n < value.length; n++) {
    state = Math.imul(state ^ value.charCodeAt(n), 0x01000193)
  }
  return state >>> 0
}

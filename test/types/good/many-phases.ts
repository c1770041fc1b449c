// Forty-five phases, of which each adds to the job and needs what the one before it has added.
import type { Fold, JobAtEnd } from '../../../src/pipeline/chain-types.ts'
import type { Phase } from '../../../src/pipeline/phase.ts'
import type { Equal, True } from './equal.ts'

type Step<N extends number, M extends number> = new () => Phase & {
  readonly jobType: `step-${N}`
  execute(job: { [K in `v${N}`]: number }): { [K in `v${M}`]: number } & {
    [K in `more${M}`]: { list: number[] }
  }
}

type Steps<P extends unknown[] = []> = P['length'] extends 45
  ? P
  : Steps<[...P, Step<P['length'] & number, [...P, 0]['length'] & number>]>

type Walked = Fold<Steps, { v0: number }>

export type Checks = [
  True<Equal<Walked['verdicts'][number], unknown>>,
  True<Equal<Pick<JobAtEnd<Walked>, 'v0' | 'v45'>, { v0: number; v45: number }>>,
]

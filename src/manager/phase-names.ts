/** People name phases by their job types; the core numbers them. */
import type { PipelineSpec } from '../core/spec.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { didYouMean } from '../errors/did-you-mean.ts'
import type { ShardSummary } from '../storage/contract.ts'

/** A phase class may stand at several places of a chain. @throws CT_UNKNOWN_JOB_TYPE */
export function phasesNamed(spec: PipelineSpec, jobType: string): readonly number[] {
  const names = spec.phases.map((phase) => phase.jobType)
  const found = names.flatMap((name, phase) => (name === jobType ? [phase] : []))
  if (found.length > 0) return found
  throw new CarbontubeError(
    'CT_UNKNOWN_JOB_TYPE',
    `no phase has jobType "${jobType}"${didYouMean(jobType, names)}`,
    { hint: `The pipeline has: ${names.join(', ')}.`, details: { jobType } },
  )
}

/**
 * Jobs that wait in a phase which the pipeline has no longer could never go on, and the core has no place
 * for them. @throws CT_BAD_PIPELINE
 */
export function refuseLostPhases(spec: PipelineSpec, { phases }: ShardSummary): void {
  const lost = phases.filter(({ phase, ready, scheduled }) => {
    return ready + scheduled > 0 && spec.phases[phase] === undefined
  })
  if (lost.length === 0) return
  const jobs = lost.reduce((sum, { ready, scheduled }) => sum + ready + scheduled, 0)
  throw new CarbontubeError(
    'CT_BAD_PIPELINE',
    `pipeline "${spec.name}" has ${spec.phases.length} phases, and ${jobs} jobs in its store wait in later ones`,
    {
      hint: 'Add phases back to the end of its chain, let the jobs finish or cancel them, and then shorten it.',
      details: { phases: lost },
    },
  )
}

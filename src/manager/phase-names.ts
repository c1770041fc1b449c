/** People name phases by their job types; the core numbers them. */
import type { PipelineSpec } from '../core/spec.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { didYouMean } from '../pipeline/did-you-mean.ts'

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

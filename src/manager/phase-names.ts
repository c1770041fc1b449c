/** People name phases by their job types; the core numbers them. */
import type { PipelineSpec } from '../core/spec.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { didYouMean } from '../errors/did-you-mean.ts'
import type { ShardSummary, Storage } from '../storage/contract.ts'

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

/**
 * Jobs are stored with the number of their phase: under a chain that has another one there they would go on in a
 * wrong phase. To be asked before the chain is registered.
 * @param askOthers names the managers that own shards, and go on to put jobs where their chain has them
 * @returns whether the store has another chain, or none
 * @throws CT_BAD_PIPELINE
 */
export async function refuseChangedPhases(
  spec: PipelineSpec,
  storage: Storage,
  askOthers: () => Promise<readonly string[]> = async () => [],
): Promise<boolean> {
  const before = (await storage.jobTypesOf?.(spec.name)) ?? []
  const now = spec.phases.map(({ jobType }) => jobType)
  const changed = [...before.keys()].filter((phase) => now[phase] !== before[phase])
  if (changed.length === 0) return before.length !== now.length
  const details = { before, now }
  const others = await askOthers()
  if (others.length > 0 && changed.some((phase) => phase < now.length)) {
    throw new CarbontubeError(
      'CT_BAD_PIPELINE',
      `pipeline "${spec.name}" is chain(${before.join(', ')}) for ${others.join(', ')}, ` +
        `and would be chain(${now.join(', ')}) here`,
      { hint: 'Stop all managers with the old chain, and then start the new ones.', details },
    )
  }
  const shards = await storage.shardsOf(spec.name)
  let jobs = 0
  for (let shard = 0; shard < shards; shard++) {
    const ref = { pipeline: spec.name, shard }
    refuseLostPhases(spec, await storage.summarise(ref))
    for (const phase of changed.filter((one) => one < now.length)) {
      for (const state of ['unsettled', 'dead'] as const) {
        jobs += (await storage.countJobs(ref, { state, phase })).count
      }
    }
  }
  if (jobs === 0) return true
  throw new CarbontubeError(
    'CT_BAD_PIPELINE',
    `pipeline "${spec.name}" was chain(${before.join(', ')}) and is chain(${now.join(', ')}) now, ` +
      `and ${jobs} jobs in its store would go on in a wrong phase`,
    {
      hint:
        'With the old chain, let them finish, and redrive or discard the dead ones; ' +
        'or give the new chain another name.',
      details: { ...details, jobs },
    },
  )
}

/** Which pipelines a question can be put to: one that does not answer takes nothing of the others away. */
import { closest } from '../errors/did-you-mean.ts'
import { CarbontubeError } from '../errors/errors.ts'
import type { MergedPipeline } from './job-merge.ts'
import type { PipelineWatch } from './pipeline-watch.ts'

export interface AnsweringPipelines {
  readonly pipelines: readonly MergedPipeline[]
  /** Names of those that do not answer now; `undefined`: all do. */
  readonly missing: readonly string[] | undefined
}

/** @throws CT_UNREACHABLE when none of them answers */
export function answeringOf(watches: readonly PipelineWatch[]): AnsweringPipelines {
  const live = watches.filter(({ isLive }) => isLive)
  const missing = watches.filter((watch) => !live.includes(watch)).map(({ name }) => name)
  const asked = live.length === 0 ? watches.slice(0, 1) : live
  return {
    pipelines: asked.map((watch) => ({
      name: watch.name,
      phases: watch.jobTypes.length,
      shards: watch.latest?.status.welcome.shards ?? 1,
      // Of one that does not answer this throws.
      client: watch.client,
    })),
    missing: missing.length === 0 ? undefined : missing,
  }
}

/** @throws CT_UNKNOWN_PIPELINE; CT_UNREACHABLE as long as not all have told their names */
export function watchNamed(watches: readonly PipelineWatch[], name: string): PipelineWatch {
  const watch = watches.find((one) => one.name === name)
  if (watch !== undefined) return watch
  checkAllKnown(watches)
  const known = watches.map((one) => one.name)
  const near = closest(name, known)
  const meant = near === undefined ? '' : `; did you mean "${near}"?`
  throw new CarbontubeError(
    'CT_UNKNOWN_PIPELINE',
    `no pipeline "${name.slice(0, 100)}" is shown here${meant}`,
    {
      hint: known.length === 0 ? 'None is.' : `Known: ${known.join(', ')}.`,
    },
  )
}

/**
 * Before it is said that something is nowhere: nothing is known of a pipeline that has never answered.
 * @throws CT_UNREACHABLE
 */
export function checkAllKnown(watches: readonly PipelineWatch[]): void {
  for (const watch of watches) if (watch.latest === undefined) void watch.client
}

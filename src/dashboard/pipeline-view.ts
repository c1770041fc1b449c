/** What people see of a pipeline: rates and percentiles of the last seconds, and what holds it up. */
import { shardsAsOne } from '../client/all-shards.ts'
import { percentile } from './duration-percentile.ts'
import { durationBoundsMs } from '../core/duration-counts.ts'
import { given } from '../language/given.ts'
import type { DurationFigures, ManagerView, PhaseView, PipelineView } from './api-types.ts'
import type { PipelineWatch, Sample } from './pipeline-watch.ts'
import type { PhaseStatus } from '../core/status.ts'
import type { Totals } from './shard-totals.ts'

/** Rates are over so long, in milliseconds. */
const rateMs = 10_000
/** Percentiles and failures are: of few jobs, ten seconds would say too little. */
const figuresMs = 60_000
/** From here on, percent, a phase is called failing; not when fewer attempts ended. */
const failing = { percent: 50, endedMin: 5 }

type Window = { readonly totals: Totals; readonly overMs: number } | undefined
type Phase = Omit<PhaseView, 'isBottleneck'>

/** `undefined` before the first answer of a manager: nothing is known then, not even its name. */
export function viewOfPipeline(watch: PipelineWatch): PipelineView | undefined {
  const { latest, isLive } = watch
  if (latest === undefined) return undefined
  const { welcome, shards, managers } = latest.status
  const { paused, phases: summed, scheduled, settled } = shardsAsOne(shards)
  const [recent, minute] = [watch.since(rateMs), watch.since(figuresMs)]
  const phases = withBottleneck(
    welcome.jobTypes.map((jobType, at) =>
      viewOfPhase(summed[at] ?? { ...nothing, jobType }, at, { latest, recent, minute }),
    ),
  )
  const known = {
    ...({
      name: welcome.pipeline,
      state: isLive ? 'live' : 'reconnecting',
      atMs: latest.atMs,
    } as const),
    ...{ paused, phases, scheduled, settled },
    inPerSecond: rate(recent, (totals) => totals.jobs('stored')),
    donePerSecond: rate(recent, (totals) => totals.jobs('done')),
    shardsTotal: welcome.shards,
    shardsUnowned: Math.max(0, welcome.shards - new Set(shards.map(({ shard }) => shard)).size),
    managers: managers.map((one) => viewOfManager(one, latest)),
  }
  return { ...known, verdict: verdictOf(known) }
}

/** Of a phase while no shard is anybody's. */
const nothing = { waiting: 0, running: 0, workers: 0, concurrency: 0, paused: false, oldestMs: 0 }

function viewOfPhase(
  summed: Pick<PhaseStatus, keyof typeof nothing | 'jobType'>,
  at: number,
  { latest, recent, minute }: { latest: Sample; recent: Window; minute: Window },
): Phase {
  const { jobType, waiting, running, workers, concurrency: slots, paused, oldestMs } = summed
  const { totals } = latest
  const ended = endedIn(minute, at)
  const failPercent = ended.all === 0 ? undefined : Math.round((100 * ended.bad) / ended.all)
  const phase = {
    ...{ jobType, waiting, running, workers, slots, paused },
    perSecond: rate(recent, (one) => one.attempts(at, 'done')),
    duration: figures(minute, at, 'duration'),
    wait: figures(minute, at, 'wait'),
    slotsFree: Math.max(0, slots - running),
    done: totals.attempts(at, 'done'),
    failed: totals.attempts(at, 'failed') + totals.attempts(at, 'dead'),
    ...given({ oldestMs: oldestMs === 0 ? undefined : oldestMs, failPercent }),
  }
  return { ...phase, ...given({ trouble: troubleOf(phase, ended.all) }) }
}

function endedIn(window: Window, at: number): { readonly all: number; readonly bad: number } {
  if (window === undefined) return { all: 0, bad: 0 }
  const count = window.totals.attempts.bind(window.totals, at)
  const bad = count('failed') + count('dead') + count('lost')
  return { all: bad + count('done'), bad }
}

function figures(window: Window, at: number, of: 'duration' | 'wait'): DurationFigures {
  const counts = window?.totals.counts(at, of) ?? []
  return given({
    p50Ms: percentile(counts, durationBoundsMs, 0.5),
    p95Ms: percentile(counts, durationBoundsMs, 0.95),
  })
}

function troubleOf(
  phase: Pick<Phase, 'paused' | 'waiting' | 'workers' | 'slotsFree' | 'failPercent'>,
  ended: number,
): Phase['trouble'] {
  const { paused, waiting, workers, slotsFree, failPercent = 0 } = phase
  if (paused) return 'paused'
  if (waiting > 0 && workers === 0) return 'noWorkers'
  if (failPercent >= failing.percent && ended >= failing.endedMin) return 'failing'
  return waiting > 0 && slotsFree === 0 ? 'busy' : undefined
}

/** Where the most work waits for the longest, as far as that can be told: by how long it takes to do it. */
function withBottleneck(phases: readonly Phase[]): readonly PhaseView[] {
  const delays = phases.map(({ waiting, perSecond, trouble }) => {
    return waiting === 0 || trouble === undefined ? 0 : waiting / Math.max(perSecond, 0.01)
  })
  const worst = Math.max(0, ...delays)
  const at = worst === 0 ? -1 : delays.indexOf(worst)
  return phases.map((phase, index) => ({ ...phase, isBottleneck: index === at }))
}

function viewOfManager(welcome: Sample['status']['welcome'], { status }: Sample): ManagerView {
  const { manager: id, version, store, durability, owned } = welcome
  const { upSinceMs, loopLagMs, rejectedMessages } = status
  const shards: readonly (readonly [number, number])[] =
    owned ?? status.shards.map(({ shard, epoch }) => [shard, epoch] as const)
  return {
    ...{ id, version, store, durability, upSinceMs, loopLagMs, rejectedMessages },
    shards: shards.map(([shard, epoch]) => ({ shard, epoch })),
  }
}

function verdictOf(view: Omit<PipelineView, 'verdict'>): string {
  if (view.state === 'reconnecting') return 'No manager answers; these are the last known figures.'
  if (view.paused) return 'The whole pipeline is paused.'
  if (view.shardsUnowned > 0) {
    return `${view.shardsUnowned} of ${view.shardsTotal} shards belong to no manager: their jobs stand still.`
  }
  const phase =
    view.phases.find(({ isBottleneck }) => isBottleneck) ??
    view.phases.find(({ trouble }) => trouble !== undefined && trouble !== 'busy')
  return phase === undefined ? '' : sentenceOf(phase)
}

function sentenceOf({ jobType, trouble, waiting, slots, failPercent }: PhaseView): string {
  const jobs = waiting === 1 ? '1 job waits' : `${waiting} jobs wait`
  if (trouble === undefined) return ''
  switch (trouble) {
    case 'noWorkers':
      return `"${jobType}" has no workers; ${jobs}.`
    case 'paused':
      return waiting === 0 ? `"${jobType}" is paused.` : `"${jobType}" is paused; ${jobs}.`
    case 'failing':
      return `${failPercent ?? 0} % of the attempts of "${jobType}" fail.`
    case 'busy':
      return `"${jobType}" holds the pipeline up: ${slots === 1 ? 'its one slot is' : `all of its ${slots} slots are`} taken, ${jobs}.`
  }
}

function rate(window: Window, pick: (totals: Totals) => number): number {
  if (window === undefined || window.overMs <= 0) return 0
  return Math.round((pick(window.totals) / window.overMs) * 10_000) / 10
}

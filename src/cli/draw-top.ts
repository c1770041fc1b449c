/** What `top` shows, as text of so many columns and rows. */
import type { PhaseView, PipelineView, WorkerView } from '../dashboard/api-types.ts'
import { style, table } from './command-context.ts'

export interface TopSize {
  readonly columns: number
  /** What does not fit is left out; workers first. */
  readonly rows: number
  readonly nowMs: number
}

export function drawTop(
  view: PipelineView,
  workers: readonly WorkerView[],
  { columns, rows, nowMs }: TopSize,
): string {
  const head = headOf(view, nowMs)
  const phases = phaseTable(view.phases, nowMs)
  const people = workers.length === 0 ? [] : ['', ...workerTable(workers, nowMs)]
  return [...head, '', ...phases, ...people]
    .slice(0, rows)
    .map((line) => cut(line, columns))
    .join('\n')
}

function headOf(view: PipelineView, nowMs: number): string[] {
  const { name, state, settled, scheduled, managers, verdict } = view
  const rates = `${view.inPerSecond} in/s, ${view.donePerSecond} done/s`
  const counts = `${settled.done} done, ${settled.dead} dead, ${settled.cancelled} cancelled`
  const stores = [...new Set(managers.map(({ store, durability }) => `${store} (${durability})`))]
  const late = state === 'live' ? '' : `, as of ${ageOf(view.atMs, nowMs)} ago`
  const line = `${style('bold', name)}  ${rates}; ${counts}; ${scheduled} scheduled${late}`
  const by = `by ${managers.map(({ id }) => id).join(', ')}, ${stores.join(', ')}`
  return [line, style('dim', by), verdict === '' ? 'all is well' : style('yellow', verdict)]
}

function phaseTable(phases: readonly PhaseView[], nowMs: number): string[] {
  const head = ['phase', 'waiting', 'oldest', 'slots', 'done/s', 'p50', 'p95', 'wait p95', 'fails']
  const rows = phases.map((phase) => [
    ...[phase.jobType, phase.waiting, ageOf(phase.oldestMs, nowMs)],
    ...[`${phase.running}/${phase.slots}`, phase.perSecond],
    ...[shortly(phase.duration.p50Ms), shortly(phase.duration.p95Ms), shortly(phase.wait.p95Ms)],
    ...[phase.failPercent === undefined ? '' : `${phase.failPercent} %`],
    markOf(phase),
  ])
  return table([...head, ''], rows).split('\n')
}

function markOf({ trouble, isBottleneck }: PhaseView): string {
  const words = { noWorkers: 'no workers', paused: 'paused', busy: 'busy', failing: 'failing' }
  const mark = trouble === undefined ? '' : words[trouble]
  return isBottleneck ? `◀ ${mark}` : mark
}

function workerTable(workers: readonly WorkerView[], nowMs: number): string[] {
  const head = ['worker', 'state', 'slots', 'done', 'failed', 'run', 'heard', 'memory', 'lag']
  const rows = workers.map((worker) => [
    ...[worker.id, worker.state, `${worker.used}/${worker.slots}`, worker.done, worker.failed],
    ...[shortly(worker.durationMs), ageOf(worker.seenMs, nowMs)],
    ...[worker.rssBytes === undefined ? '' : `${Math.round(worker.rssBytes / 2 ** 20)} MiB`],
    shortly(worker.loopLagMs),
  ])
  return table(head, rows).split('\n')
}

function ageOf(sinceMs: number | undefined, nowMs: number): string {
  return sinceMs === undefined ? '' : shortly(Math.max(0, nowMs - sinceMs))
}

/** `840 ms`, `12.3 s`, `5 min`, `3.2 h`. */
function shortly(ms: number | undefined): string {
  if (ms === undefined) return ''
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`
}

/** Colours take no columns, and have to end again. */
function cut(line: string, columns: number): string {
  let left = columns
  // oxlint-disable-next-line no-control-regex -- that is how a colour begins
  return line.replaceAll(/(\u001b\[[\d;]*m)|./gu, (text, colour?: string) => {
    if (colour !== undefined) return colour
    left -= 1
    return left >= 0 ? text : ''
  })
}

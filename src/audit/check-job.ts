/**
 * What must be true of one stored job and its history, at any moment and in any store. Pure: works on
 * records, knows no store. The simulator may ask the same questions after every step.
 *
 * A store drops the oldest attempts of a long history. So what is missing in front of the first attempt
 * that is there is no finding, unless the caller says that histories are complete.
 */
import type { AttemptRecord, JobRecord } from '../core/job.ts'
import { isSettled } from '../core/job-transitions.ts'
import type { PipelineSpec } from '../core/spec.ts'
import { fenceOfText } from '../core/token.ts'
import type { Finding, FindingCode } from './finding.ts'

export interface CheckOptions {
  /** Limits are compared with those of the phases; without it only with what the record says itself. */
  readonly spec?: PipelineSpec
  /** How the store's jobs got their `checksum`; without it, it is not looked at. */
  checksumOf?(instructions: Uint8Array): number
  /** No history is ever cut: then a missing beginning is a finding. */
  readonly historyIsComplete?: boolean
}

export interface JobCheck {
  readonly findings: readonly Finding[]
  /** The beginning of its history is not kept any more. */
  readonly isTruncated: boolean
}

export function checkJob(
  record: JobRecord,
  attempts: readonly AttemptRecord[],
  options: CheckOptions = {},
): JobCheck {
  const findings: Finding[] = []
  const find: Find = (code, what) => void findings.push({ code, jobId: record.id, what })
  const history = historyOf(record, attempts)
  if (history.isTruncated && options.historyIsComplete === true) {
    const { phase, attempt } = history.first
    find('historyIncomplete', `its first attempt is ${attempt} of phase ${phase}`)
  }
  checkCompletions(record, attempts, history, find)
  checkAttempts(record, attempts, history, find)
  checkLimits(record, options.spec, find)
  checkTokens(attempts, find)
  checkEnd(record, find)
  checkTimes(record, attempts, find)
  checkChecksum(record, attempts, { history, options, find })
  return { findings, isTruncated: history.isTruncated }
}

type Find = (code: FindingCode, what: string) => void

interface History {
  /** The first phase of which everything is known. */
  readonly first: { readonly phase: number; readonly attempt: number }
  readonly isTruncated: boolean
}

/** A replay may begin in any phase; every other job begins in the first one. */
function historyOf({ replayOf, phase }: JobRecord, [oldest]: readonly AttemptRecord[]): History {
  const begin = replayOf === undefined ? 0 : (oldest?.phase ?? phase)
  const isTruncated = oldest !== undefined && (oldest.phase > begin || oldest.attempt > 1)
  return { first: isTruncated ? oldest : { phase: begin, attempt: 1 }, isTruncated }
}

/** I4, I5, I6: each phase below the current one is completed once; the current one only if the job is done. */
function checkCompletions(
  { phase: current, state }: JobRecord,
  attempts: readonly AttemptRecord[],
  { first }: History,
  find: Find,
): void {
  const done = new Map<number, number>()
  let highest = 0
  for (const { phase, attempt, outcome } of attempts) {
    if (phase < highest)
      find('phaseWentBack', `attempt ${attempt} of phase ${phase} after ${highest}`)
    highest = Math.max(highest, phase)
    if (outcome === 'done') done.set(phase, (done.get(phase) ?? 0) + 1)
  }
  if (highest > current)
    find('phaseWentBack', `phase ${current}, but an attempt of phase ${highest}`)
  for (const [phase, times] of done) {
    if (times > 1) find('completedTwice', `phase ${phase} has ${times} results`)
  }
  for (let phase = first.phase; phase < current; phase++) {
    if (!done.has(phase))
      find('notCompleted', `is in phase ${current}, phase ${phase} has no result`)
  }
  if (state === 'done' && !done.has(current)) {
    find('notCompleted', `is done, and phase ${current} has no result`)
  }
  if (state !== 'done' && done.has(current)) {
    find('completedNotAdvanced', `is ${state} in phase ${current}, which has a result`)
  }
}

/** The number of each attempt follows from the ones before; the record counts those of its phase. */
function checkAttempts(
  record: JobRecord,
  attempts: readonly AttemptRecord[],
  { first }: History,
  find: Find,
): void {
  const charged = new Map([[first.phase, first.attempt - 1]])
  for (const one of attempts) {
    const before = charged.get(one.phase) ?? 0
    if (one.attempt !== before + 1) {
      const { phase, attempt } = one
      find('attemptsDisagree', `attempt ${attempt} of phase ${phase} after ${before} that count`)
    }
    if (isCharged(one)) charged.set(one.phase, before + 1)
  }
  const counted = charged.get(record.phase) ?? 0
  if (record.attempts !== counted) {
    find('attemptsDisagree', `says ${record.attempts} attempts, its history ${counted}`)
  }
}

/** Deaths of workers and cancels are no attempt's fault. */
function isCharged({ outcome, error }: AttemptRecord): boolean {
  if (outcome === 'failed') return true
  return outcome === 'dead' && !(error?.kind === 'lost' && error.name === 'WorkerLost')
}

/** I8. A redrive raises the limit of attempts, and gives one more try to a job that killed its workers. */
function checkLimits(record: JobRecord, spec: PipelineSpec | undefined, find: Find): void {
  const { attempts, attemptsMax, crashes, phase } = record
  const retry = spec?.phases[phase]?.retry
  const max = retry === undefined ? attemptsMax : Math.max(attemptsMax, retry.attempts)
  if (max > 0 && attempts > max) find('limitExceeded', `${attempts} attempts, ${max} at most`)
  if (retry !== undefined && attemptsMax === 0 && crashes > retry.crashes) {
    find('limitExceeded', `${crashes} crashes, ${retry.crashes} at most`)
  }
}

/** I3. Only a grant that was given up, and came back, is in the history twice. */
function checkTokens(attempts: readonly AttemptRecord[], find: Find): void {
  let before: AttemptRecord | undefined
  for (const one of attempts) {
    const fence = fenceOfText(one.token)
    if (fence === undefined) find('tokenOrder', `"${one.token}" is no token`)
    const last = before === undefined ? undefined : fenceOfText(before.token)
    const isAgain = before?.token === one.token && before.outcome === 'lost'
    if (fence !== undefined && last !== undefined && fence <= last && !isAgain) {
      find('tokenOrder', `token ${one.token} after ${before?.token}`)
    }
    before = one
  }
}

function checkEnd({ state, endedMs, deathReason }: JobRecord, find: Find): void {
  if (isSettled(state) !== (endedMs !== undefined)) {
    find('endDisagrees', `is ${state}, and ${endedMs === undefined ? 'has no' : 'has an'} end`)
  }
  if ((state === 'dead') !== (deathReason !== undefined)) {
    find('endDisagrees', `is ${state}, with ${deathReason ?? 'no'} reason of death`)
  }
}

/** Only times of the managers' clocks: a worker's box may have another time. */
function checkTimes(record: JobRecord, attempts: readonly AttemptRecord[], find: Find): void {
  let before = record.enqueuedMs
  for (const { endedMs, phase, attempt } of attempts) {
    if (endedMs < before) {
      find(
        'timesReversed',
        `attempt ${attempt} of phase ${phase} ended ${before - endedMs} ms early`,
      )
    }
    before = endedMs
  }
  if (record.endedMs !== undefined && record.endedMs < before) {
    find('timesReversed', `it ended ${before - record.endedMs} ms before its last attempt`)
  }
}

/** Until a phase is completed, the instructions are as they were enqueued. */
function checkChecksum(
  record: JobRecord,
  attempts: readonly AttemptRecord[],
  { history, options, find }: { history: History; options: CheckOptions; find: Find },
): void {
  const { checksumOf } = options
  const isChanged = record.state === 'done' || attempts.some(({ outcome }) => outcome === 'done')
  if (checksumOf === undefined || isChanged || history.isTruncated) return
  const actual = checksumOf(record.instructions)
  if (actual !== record.checksum) find('checksumDiffers', `${actual} instead of ${record.checksum}`)
}

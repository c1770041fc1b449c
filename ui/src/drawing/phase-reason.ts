/** Why a phase stands where it stands, in words: what the colour of its box means. */
import type { PhaseView } from '../../../src/dashboard/api-types.ts'
import { counted, shownDuration, shownPercent, shownRate } from '../figures.ts'

/**
 * @param inPerSecond jobs that come to this phase, a second
 * @returns '' when there is nothing to say
 */
export function phaseReason(phase: PhaseView, inPerSecond: number, nowMs: number): string {
  const line =
    phase.waiting === 0
      ? ''
      : `${counted(phase.waiting, 'job')} ${phase.waiting === 1 ? 'waits' : 'wait'}`
  const age =
    phase.oldestMs === undefined || phase.waiting === 0
      ? ''
      : `, the first for ${shownDuration(Math.max(1_000, nowMs - phase.oldestMs))}`
  const { trouble } = phase
  switch (trouble) {
    case 'noWorkers':
      return line === '' ? 'No workers are connected.' : `No workers: ${line}${age}.`
    case 'paused':
      return line === '' ? 'Paused by hand.' : `Paused by hand: ${line}${age}.`
    case 'failing':
      return `${shownPercent(phase.failPercent)} of its attempts fail.`
    case 'busy':
      return busyReason(phase, inPerSecond)
    case undefined:
    default:
      return phase.isBottleneck && line !== '' ? `${line}${age}.` : ''
  }
}

function busyReason({ slots, perSecond }: PhaseView, inPerSecond: number): string {
  const taken = slots === 1 ? 'Its only slot is taken' : `All ${slots} slots are taken`
  if (inPerSecond > perSecond * 1.1) {
    return `${taken}: ${shownRate(inPerSecond)}/s come, ${shownRate(perSecond)}/s are done.`
  }
  return `${taken}. More workers or a higher concurrency would help.`
}

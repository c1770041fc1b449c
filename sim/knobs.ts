/**
 * What a world is made of and what goes wrong in it. A knob is a plain number or flag; `calm` is its value
 * when nothing goes wrong, which is what the minimiser tries first. Times in milliseconds; a pause of 0
 * means never.
 */
import type { Chance } from './chance.ts'

export interface Knobs {
  readonly jobs: number
  readonly phases: number
  readonly workersPerPhase: number
  readonly concurrencyMax: number
  /** 2: a standby takes over from an owner that is dead, frozen or cut off. */
  readonly managers: number
  /** How long things go wrong. */
  readonly chaosMs: number

  readonly delayMs: number
  readonly dropRate: number
  readonly duplicateRate: number
  /** Each message has a delay of its own: later ones overtake. */
  readonly reorders: boolean
  /** What was under way on a connection that broke arrives all the same, later. */
  readonly ghosts: boolean
  readonly linkCutEveryMs: number

  readonly workerKillEveryMs: number
  readonly workerStopEveryMs: number
  readonly workerBusyEveryMs: number
  readonly workerDrainEveryMs: number
  readonly managerKillEveryMs: number
  readonly managerStopEveryMs: number
  readonly hostSuspendEveryMs: number

  readonly commitMs: number
  readonly unknownRate: number
  readonly fullRate: number
  readonly storeStallEveryMs: number
  /** The store forgets the newest ownership, and its clock steps back: a failover of an asynchronous replica. */
  readonly failoverEveryMs: number

  readonly runMs: number
  readonly longRunRate: number
  readonly failRate: number
  readonly rejectRate: number
  /** Never ends, but heeds its abort. */
  readonly hangRate: number
  /** Never ends, and ignores its abort. */
  readonly deafRate: number
  /** Kills its process. */
  readonly poisonRate: number

  readonly cancelRate: number
  /** Orders of operators a second: redrive, discard, pause, resume, drain. */
  readonly operateRate: number
  /** The client enqueues the same id again, sometimes with other instructions. */
  readonly repeatRate: number
  readonly priorities: boolean

  readonly readyJobsMax: number
  readonly scheduledJobsMax: number
  readonly uncommittedInsertsMax: number
  readonly waitingJobsMax: number
}

export const calm: Knobs = {
  ...{ jobs: 20, phases: 2, workersPerPhase: 2, concurrencyMax: 2, managers: 1, chaosMs: 10_000 },
  ...{ delayMs: 2, dropRate: 0, duplicateRate: 0, reorders: false, ghosts: false },
  ...{ linkCutEveryMs: 0, workerKillEveryMs: 0, workerStopEveryMs: 0, workerBusyEveryMs: 0 },
  ...{ workerDrainEveryMs: 0, managerKillEveryMs: 0, managerStopEveryMs: 0, hostSuspendEveryMs: 0 },
  ...{ commitMs: 2, unknownRate: 0, fullRate: 0, storeStallEveryMs: 0, failoverEveryMs: 0 },
  ...{ runMs: 50, longRunRate: 0, failRate: 0, rejectRate: 0, hangRate: 0, deafRate: 0 },
  ...{ poisonRate: 0, cancelRate: 0, operateRate: 0, repeatRate: 0, priorities: false },
  ...{ readyJobsMax: 1_000, scheduledJobsMax: 1_000, uncommittedInsertsMax: 1_000 },
  waitingJobsMax: 100_000,
}

export const profiles = [
  'mixed',
  'network',
  'processes',
  'store',
  'cold',
  'failover',
  'calm',
] as const
export type Profile = (typeof profiles)[number]

/** Draws a world. A profile turns on its own faults more often; `mixed` turns on any. */
export function drawKnobs(chance: Chance, profile: Profile): Knobs {
  const size: Partial<Knobs> = {
    jobs: chance.int(3, 24),
    phases: chance.int(1, 3),
    workersPerPhase: chance.int(1, 3),
    concurrencyMax: chance.int(1, 3),
    chaosMs: chance.int(4_000, 20_000),
    delayMs: chance.pick([1, 5, 30]),
    commitMs: chance.pick([1, 5, 40]),
    runMs: chance.pick([2, 50, 500]),
    priorities: chance.is(0.3),
  }
  if (profile === 'calm') return { ...calm, ...size }
  const on = (family: Profile) =>
    chance.is(profile === family ? 0.6 : profile === 'mixed' ? 0.3 : 0.1)
  return {
    ...calm,
    ...size,
    ...networkFaults(chance, () => on('network')),
    ...processFaults(chance, () => on('processes')),
    ...storeFaults(chance, () => on('store')),
    ...coldBounds(chance, () => on('cold')),
    ...workload(chance, () => chance.is(0.35)),
    ...(profile === 'failover' && failovers(chance)),
  }
}

function networkFaults(chance: Chance, on: () => boolean): Partial<Knobs> {
  return {
    ...(on() && { dropRate: chance.pick([0.02, 0.1, 0.3]) }),
    ...(on() && { duplicateRate: chance.pick([0.05, 0.3]) }),
    ...(on() && { delayMs: chance.pick([200, 1_500]) }),
    ...(on() && { reorders: true }),
    ...(on() && { ghosts: true }),
    ...(on() && { linkCutEveryMs: chance.pick([2_000, 8_000]) }),
  }
}

function processFaults(chance: Chance, on: () => boolean): Partial<Knobs> {
  return {
    ...(on() && { workerKillEveryMs: chance.pick([1_000, 4_000]) }),
    ...(on() && { workerStopEveryMs: chance.pick([3_000, 8_000]) }),
    ...(on() && { workerBusyEveryMs: chance.pick([3_000, 8_000]) }),
    ...(on() && { workerDrainEveryMs: chance.pick([3_000, 8_000]) }),
    ...(on() && { managerKillEveryMs: chance.pick([2_000, 6_000]) }),
    ...(on() && { managerStopEveryMs: 5_000, managers: 2, chaosMs: 40_000 }),
    ...(on() && { managers: 2 }),
    ...(chance.is(0.05) && { hostSuspendEveryMs: 5_000 }),
  }
}

function storeFaults(chance: Chance, on: () => boolean): Partial<Knobs> {
  return {
    ...(on() && { unknownRate: chance.pick([0.05, 0.3]) }),
    ...(on() && { fullRate: chance.pick([0.05, 0.3]) }),
    ...(on() && { storeStallEveryMs: 4_000 }),
    ...(on() && { failoverEveryMs: 6_000, managers: 2 }),
  }
}

function coldBounds(chance: Chance, on: () => boolean): Partial<Knobs> {
  return {
    ...(on() && { readyJobsMax: chance.int(1, 6) }),
    ...(on() && { scheduledJobsMax: chance.int(1, 3) }),
    ...(on() && { uncommittedInsertsMax: chance.int(1, 5) }),
    ...(on() && { waitingJobsMax: chance.int(2, 10) }),
  }
}

function workload(chance: Chance, on: () => boolean): Partial<Knobs> {
  return {
    ...(on() && { longRunRate: 0.2 }),
    ...(on() && { failRate: chance.pick([0.1, 0.5]) }),
    ...(on() && { rejectRate: 0.05 }),
    ...(on() && { hangRate: 0.05 }),
    ...(on() && { deafRate: 0.05 }),
    ...(on() && { poisonRate: 0.05 }),
    ...(on() && { cancelRate: 0.2 }),
    ...(on() && { operateRate: chance.pick([0.5, 3]) }),
    ...(on() && { repeatRate: 0.3 }),
  }
}

/** Owners that follow each other fast, under the same epoch, while workers are away for a while. */
function failovers(chance: Chance): Partial<Knobs> {
  return {
    ...{ managers: 2, failoverEveryMs: 3_000, workerStopEveryMs: 2_000, chaosMs: 30_000 },
    ...{ jobs: chance.int(1, 4), phases: chance.int(1, 2), workersPerPhase: 2 },
    ...{ longRunRate: 0.6, failRate: 0, hangRate: 0, deafRate: 0, poisonRate: 0 },
  }
}

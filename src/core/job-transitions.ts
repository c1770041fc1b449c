/**
 * The life of a job, as data. A missing pair is an illegal transition: the caller gets `undefined`
 * and the job stays as it was. docs/internals/job-states.md is generated from this table.
 */
export type JobState = 'ready' | 'granted' | 'scheduled' | 'done' | 'dead' | 'cancelled'

export type JobSignal =
  'grant' | 'advance' | 'finish' | 'retry' | 'giveUp' | 'release' | 'cancel' | 'due' | 'redrive'

/** States in which a job has ended; only redrive leads out of one. */
export type SettledState = Extract<JobState, 'done' | 'dead' | 'cancelled'>

export const jobTransitions: Readonly<
  Record<JobState, Readonly<Partial<Record<JobSignal, JobState>>>>
> = {
  ready: { grant: 'granted', cancel: 'cancelled' },
  granted: {
    advance: 'ready',
    finish: 'done',
    retry: 'scheduled',
    giveUp: 'dead',
    release: 'ready',
    cancel: 'cancelled',
  },
  scheduled: { due: 'ready', cancel: 'cancelled' },
  done: {},
  dead: { redrive: 'ready' },
  cancelled: {},
}

/** Where `signal` takes a job that is in `state`; `undefined` when the table has no such pair. */
export function nextState(state: JobState, signal: JobSignal): JobState | undefined {
  return jobTransitions[state][signal]
}

export function isSettled(state: JobState): state is SettledState {
  return state === 'done' || state === 'dead' || state === 'cancelled'
}

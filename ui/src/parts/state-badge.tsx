/** The state of a job or a worker: a word and a colour, never a colour alone. */
import type { JobState, WorkerView } from '../../../src/dashboard/api-types.ts'

export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'calm'

const jobTones: Readonly<Record<JobState, Tone>> = {
  ready: 'calm',
  running: 'busy',
  scheduled: 'warn',
  done: 'good',
  dead: 'bad',
  cancelled: 'calm',
}

const workerTones: Readonly<Record<WorkerView['state'], Tone>> = {
  connecting: 'calm',
  ready: 'good',
  busyLoop: 'warn',
  silent: 'warn',
  leaving: 'calm',
  lost: 'bad',
}

const workerWords: Readonly<Record<WorkerView['state'], string>> = {
  connecting: 'connecting',
  ready: 'ready',
  busyLoop: 'busy loop',
  silent: 'silent',
  leaving: 'draining',
  lost: 'lost',
}

export function JobBadge({ state }: { readonly state: JobState }) {
  return <Badge tone={jobTones[state]} text={state} />
}

export function WorkerBadge({ state }: { readonly state: WorkerView['state'] }) {
  return <Badge tone={workerTones[state]} text={workerWords[state]} />
}

export function Badge({ tone, text }: { readonly tone: Tone; readonly text: string }) {
  return <span class={`badge badge--${tone}`}>{text}</span>
}

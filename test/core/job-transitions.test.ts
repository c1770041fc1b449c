/** The table of transitions: every state can be reached, ends are ends, and what is not there is illegal. */
import { describe, expect, it } from 'vitest'
import { jobTransitions, nextState } from '../../src/core/job-transitions.ts'
import type { JobSignal, JobState } from '../../src/core/job-transitions.ts'

const states = Object.keys(jobTransitions) as JobState[]
const signals: readonly JobSignal[] = [
  ...(['grant', 'advance', 'finish', 'retry', 'giveUp', 'release'] as const),
  ...(['cancel', 'due', 'redrive'] as const),
]

describe('the transitions of a job', () => {
  it('reach every state from `ready`', () => {
    const reached = new Set<JobState>(['ready'])
    for (const state of reached) {
      for (const next of Object.values(jobTransitions[state])) reached.add(next)
    }
    expect([...reached].toSorted()).toEqual(states.toSorted())
  })

  it('use every signal', () => {
    const used = states.flatMap((state) => Object.keys(jobTransitions[state]))
    expect(new Set(used)).toEqual(new Set(signals))
  })

  it('end with done and cancelled; dead can only be redriven', () => {
    const ways = (state: JobState) => signals.filter((signal) => nextState(state, signal))
    expect(ways('done')).toEqual([])
    expect(ways('cancelled')).toEqual([])
    expect(ways('dead')).toEqual(['redrive'])
  })

  it('grant nothing but a ready job, and end nothing but a granted one', () => {
    const from = (signal: JobSignal) => states.filter((state) => nextState(state, signal))
    expect(from('grant')).toEqual(['ready'])
    for (const signal of ['advance', 'finish', 'retry', 'giveUp', 'release'] as const) {
      expect(from(signal)).toEqual(['granted'])
    }
    expect(from('due')).toEqual(['scheduled'])
    expect(from('cancel')).toEqual(['ready', 'granted', 'scheduled'])
  })
})

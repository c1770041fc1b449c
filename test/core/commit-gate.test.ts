/** Effects wait for what was gathered before them; groups keep their order, one at a time. */
import { describe, expect, it } from 'vitest'
import { CommitGate } from '../../src/core/commit-gate.ts'
import type { Effect } from '../../src/core/effect.ts'
import { InvariantBroken } from '../../src/core/invariant.ts'
import type { Mutation } from '../../src/core/mutation.ts'
import { aJobRecord } from './a-job.ts'

const insert = (id: string): Mutation => ({ type: 'insert', job: aJobRecord(id) })
const pause = (phase: number): Mutation => ({ type: 'pause', phase })
const effect = (ping: number): Effect => ({
  ...{ type: 'Ping', incarnation: 'a-1', ping, seen: 0, waiting: 0 },
})

function next(gate: CommitGate) {
  const group = gate.nextGroup()
  if (group === undefined) throw new Error('no group has gathered')
  return group
}

describe('the commit gate', () => {
  it('lets effects leave at once when nothing has gathered, each of them once', () => {
    const gate = new CommitGate('3-nonce', { mutations: 10, bytes: 1_000_000 })
    gate.admit({ mutations: [], effects: [effect(1), effect(2)] })
    expect(gate.isIdle).toBe(false)
    expect(gate.takeFree()).toEqual([effect(1), effect(2)])
    expect(gate.takeFree()).toEqual([])
    expect(gate.isIdle).toBe(true)
  })

  it('holds an effect back until the group gathered with it is answered', () => {
    const gate = new CommitGate('3-nonce', { mutations: 10, bytes: 1_000_000 })
    gate.admit({ mutations: [pause(0)], effects: [effect(1)] })
    expect(gate.takeFree()).toEqual([])
    const group = next(gate)
    expect(group).toEqual({ id: '3-nonce-1', number: 1, mutations: [pause(0)] })
    expect(gate.takeFree()).toEqual([])
    gate.answered(group)
    expect(gate.takeFree()).toEqual([effect(1)])
    expect(gate.isIdle).toBe(true)
  })

  it('holds back an effect that came without a mutation, while a group is in flight', () => {
    const gate = new CommitGate('3-nonce', { mutations: 10, bytes: 1_000_000 })
    gate.admit({ mutations: [pause(0)], effects: [] })
    const group = next(gate)
    gate.admit({ mutations: [], effects: [effect(1)] })
    expect(gate.takeFree()).toEqual([])
    gate.answered(group)
    expect(gate.takeFree()).toEqual([effect(1)])
  })

  it('has one group in flight; what comes meanwhile gathers in the next', () => {
    const gate = new CommitGate('3-nonce', { mutations: 10, bytes: 1_000_000 })
    gate.admit({ mutations: [pause(0)], effects: [effect(1)] })
    const first = next(gate)
    gate.admit({ mutations: [pause(1)], effects: [effect(2)] })
    gate.admit({ mutations: [pause(2)], effects: [effect(3)] })
    expect(gate.nextGroup()).toBeUndefined()
    gate.answered(first)
    expect(gate.takeFree()).toEqual([effect(1)])
    const second = next(gate)
    expect(second.mutations).toEqual([pause(1), pause(2)])
    gate.answered(second)
    expect(gate.takeFree()).toEqual([effect(2), effect(3)])
    expect(gate.nextGroup()).toBeUndefined()
  })

  it('keeps inserts in groups of their own', () => {
    const gate = new CommitGate('3-nonce', { mutations: 10, bytes: 1_000_000 })
    gate.admit({ mutations: [insert('a'), pause(0), insert('b')], effects: [effect(1)] })
    const inserts = next(gate)
    expect(inserts.mutations).toEqual([insert('a'), insert('b')])
    gate.answered(inserts)
    expect(gate.takeFree()).toEqual([])
    const settling = next(gate)
    expect(settling.mutations).toEqual([pause(0)])
    gate.answered(settling)
    expect(gate.takeFree()).toEqual([effect(1)])
  })

  it('bounds its groups', () => {
    const gate = new CommitGate('3-nonce', { mutations: 2, bytes: 1_000_000 })
    gate.admit({ mutations: [0, 1, 2, 3, 4].map(pause), effects: [effect(1)] })
    const sizes: number[] = []
    for (let group = gate.nextGroup(); group; group = gate.nextGroup()) {
      expect(gate.takeFree()).toEqual([])
      sizes.push(group.mutations.length)
      gate.answered(group)
    }
    expect(sizes).toEqual([2, 2, 1])
    expect(gate.takeFree()).toEqual([effect(1)])
  })

  it('bounds what its groups weigh', () => {
    const gate = new CommitGate('3-nonce', { mutations: 10, bytes: 100 })
    const insert = (bytes: number) => {
      const job = aJobRecord('job', { instructions: new Uint8Array(bytes) })
      return { type: 'insert' as const, job }
    }
    gate.admit({ mutations: [60, 60, 1, 300, 1].map(insert), effects: [] })
    const sizes: number[] = []
    for (let group = gate.nextGroup(); group; group = gate.nextGroup()) {
      sizes.push(group.mutations.length)
      gate.answered(group)
    }
    expect(sizes).toEqual([2, 2, 1])
  })

  it('breaks when another group than the one in flight is answered', () => {
    const gate = new CommitGate('3-nonce', { mutations: 10, bytes: 1_000_000 })
    gate.admit({ mutations: [pause(0)], effects: [] })
    const group = next(gate)
    expect(() => gate.answered({ ...group, number: 7 })).toThrow(InvariantBroken)
  })
})

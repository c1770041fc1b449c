/** A worker's host was suspended: the time asleep is not time that a phase ran. */
import { expect, it } from 'vitest'
import { aGrant, AWorkerProtocol, only } from './a-worker-protocol.ts'

function asleep(worker: AWorkerProtocol, ms: number) {
  worker.nowMs += ms
  const { nowMs } = worker
  return [...worker.protocol.handle({ type: 'WasAsleep', nowMs, ms }), ...worker.pass(0)]
}

it('a run keeps what was left of its time when the worker fell asleep', () => {
  const worker = new AWorkerProtocol()
  worker.opened()
  worker.receives([aGrant(1, 'job', { timeoutMs: 500 })])
  worker.pass(300)
  expect(only(asleep(worker, 60_000), 'AbortRun')).toEqual([])
  expect(only(worker.pass(199), 'AbortRun')).toEqual([])
  expect(only(worker.pass(1), 'AbortRun')).toMatchObject([{ reason: 'timedOut' }])
})

it('a run that began after it woke gains nothing', () => {
  const worker = new AWorkerProtocol()
  worker.opened()
  worker.nowMs += 60_000
  worker.receives([aGrant(1, 'job', { timeoutMs: 500 })])
  const { nowMs } = worker
  worker.protocol.handle({ type: 'WasAsleep', nowMs, ms: 60_000 })
  expect(only(worker.pass(500), 'AbortRun')).toHaveLength(1)
})

it('a run that looks asleep again and again times out all the same', () => {
  const worker = new AWorkerProtocol()
  worker.opened()
  worker.receives([aGrant(1, 'job', { timeoutMs: 500 })])
  const aborts = Array.from({ length: 12 }, () => only(asleep(worker, 3_000), 'AbortRun').length)
  expect(aborts).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])
})

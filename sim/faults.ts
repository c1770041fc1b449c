/** What goes wrong while the faults last: each fault comes again and again, after a pause of its knob's mean. */
import type { Network } from './network.ts'
import type { Process } from './process.ts'
import type { Order, SimClient } from './sim-client.ts'
import type { SimManager } from './sim-manager.ts'
import type { SimStore } from './sim-store.ts'
import type { SimWorker } from './sim-worker.ts'
import type { Surroundings } from './surroundings.ts'

/** What can go wrong. */
export interface FaultyWorld extends Surroundings {
  readonly network: Network
  readonly store: SimStore
  readonly managers: readonly SimManager[]
  readonly workers: readonly SimWorker[]
  readonly client: SimClient
  readonly jobIds: readonly string[]
  restartWorker(worker: SimWorker): void
  restartManager(manager: SimManager): void
  suspendHost(ms: number): void
}

export function beginFaults(world: FaultyWorld): void {
  const { chance, knobs, managers, workers, store } = world
  const again = (meanMs: number, act: () => void) => repeat(world, meanMs, act)

  again(knobs.workerKillEveryMs, () => world.restartWorker(chance.pick(workers)))
  again(knobs.workerStopEveryMs, () => pause(world, chance.pick(workers), 'stopped'))
  again(knobs.workerBusyEveryMs, () => pause(world, chance.pick(workers), 'busy'))
  again(knobs.workerDrainEveryMs, () => {
    const worker = chance.pick(workers)
    if (worker.isUp && worker.paused === undefined) worker.drain()
  })
  again(knobs.managerKillEveryMs, () => world.restartManager(chance.pick(managers)))
  again(knobs.managerStopEveryMs, () => pause(world, chance.pick(managers), 'stopped'))
  again(knobs.linkCutEveryMs, () => {
    const forMs = chance.int(100, 12_000)
    world.network.cut(chance.pick(managers), chance.pick(workers), forMs)
  })
  again(knobs.storeStallEveryMs, () => {
    store.isStalled = true
    world.after(chance.int(100, 12_000), () => {
      store.isStalled = false
    })
  })
  again(knobs.failoverEveryMs, () => store.failOver())
  again(knobs.hostSuspendEveryMs, () => world.suspendHost(chance.int(1_000, 3_600_000)))
  clientFaults(world)
  operators(world)
}

function clientFaults(world: FaultyWorld): void {
  const { chance, knobs, client, jobIds } = world
  if (knobs.cancelRate > 0) {
    repeat(world, 1_000 / knobs.cancelRate / 2, () =>
      client.order({ type: 'CancelRequested', id: chance.pick(jobIds) }),
    )
  }
  if (knobs.repeatRate > 0) {
    repeat(world, 1_000 / knobs.repeatRate / 2, () => {
      client.repeat(chance.pick([...client.acknowledged, ...jobIds]), chance.is(0.3))
    })
  }
}

/** What operators do while things go wrong. */
function operators(world: FaultyWorld): void {
  const { chance, knobs, client, jobIds, spec, workers } = world
  if (knobs.operateRate === 0) return
  repeat(world, 1_000 / knobs.operateRate, () => {
    const ids = [chance.pick(jobIds), chance.pick(jobIds)]
    const phases = [chance.int(-1, spec.phases.length - 1)]
    const worker = chance.pick(workers)
    client.order(
      chance.pick<Order>([
        { type: 'RedriveRequested', ids },
        { type: 'RedriveRequested', ids: jobIds },
        { type: 'DiscardRequested', ids: ids.slice(1) },
        { type: 'PauseRequested', phases },
        { type: 'ResumeRequested', phases },
        { type: 'WorkerDrainRequested', worker: nameOf(worker) },
        { type: 'WorkerResumeRequested', worker: nameOf(worker) },
      ]),
    )
  })
}

function nameOf({ jobType, name }: FaultyWorld['workers'][number]): string {
  return `${jobType}@${name}`
}

function pause(world: FaultyWorld, process: Process, how: 'stopped' | 'busy'): void {
  process.pause(how)
  world.after(world.chance.int(200, 20_000), () => process.goOn())
}

function repeat(world: FaultyWorld, meanMs: number, act: () => void): void {
  if (meanMs <= 0) return
  world.after(world.chance.pause(meanMs), () => {
    if (!world.faultsOn()) return
    act()
    repeat(world, meanMs, act)
  })
}

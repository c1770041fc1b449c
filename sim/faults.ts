/** What goes wrong while the faults last: each fault comes again and again, after a pause of its knob's mean. */
import type { Process } from './process.ts'
import type { World } from './world.ts'

export function beginFaults(world: World): void {
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
}

function clientFaults(world: World): void {
  const { chance, knobs, client, jobIds } = world
  if (knobs.cancelRate > 0) {
    repeat(world, 1_000 / knobs.cancelRate / 2, () => client.cancel(chance.pick(jobIds)))
  }
  if (knobs.repeatRate > 0) {
    repeat(world, 1_000 / knobs.repeatRate / 2, () => {
      client.repeat(chance.pick([...client.acknowledged, ...jobIds]), chance.is(0.3))
    })
  }
}

function pause(world: World, process: Process, how: 'stopped' | 'busy'): void {
  process.pause(how)
  world.after(world.chance.int(200, 20_000), () => process.goOn())
}

function repeat(world: World, meanMs: number, act: () => void): void {
  if (meanMs <= 0) return
  world.after(world.chance.pause(meanMs), () => {
    if (!world.faultsOn()) return
    act()
    repeat(world, meanMs, act)
  })
}

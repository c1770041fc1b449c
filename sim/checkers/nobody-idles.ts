/** I14: at rest, no worker with free credit idles while a job that it could do waits. */
import type { MakeChecker } from '../checked-world.ts'
import { Violation } from '../checker.ts'

export const nobodyIdles: MakeChecker = ({ store }) => ({
  invariant: 'I14',
  atRest(owner) {
    const { phases, workers, rollCallOpen } = owner.status()
    if (rollCallOpen) return
    phases.forEach(({ jobType, waiting, paused }, phase) => {
      if (waiting === 0 || paused || hasSuspect(phase)) return
      const idle = workers.find(
        (worker) =>
          worker.jobType === jobType && worker.state === 'ready' && worker.running < worker.credit,
      )
      if (idle !== undefined) {
        throw new Violation('I14', `${idle.id} idles while ${waiting} jobs wait for ${jobType}`)
      }
    })

    /** A suspect waits for an empty worker: others may idle meanwhile. */
    function hasSuspect(phase: number): boolean {
      for (const { record } of store.shard.jobs.values()) {
        if (record.phase === phase && record.suspect) return true
      }
      return false
    }
  },
})

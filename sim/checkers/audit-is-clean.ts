/** I1, I4, I5, I6, I8: what `carbontube audit` would say of the store at the end. */
import { checkJob } from '../../src/audit/check-job.ts'
import { isViolation } from '../../src/audit/finding.ts'
import type { MakeChecker } from '../checked-world.ts'
import { Violation } from '../checker.ts'

export const auditIsClean: MakeChecker = ({ store, knobs }) => ({
  invariant: 'audit',
  atEnd() {
    // Of two owners under one epoch neither may have heard of the other's tokens.
    const isEpochTwice = knobs.failoverEveryMs > 0
    for (const { record, attempts } of store.shard.jobs.values()) {
      const { findings } = checkJob(record, attempts, { historyIsComplete: true })
      for (const finding of findings) {
        if (!isViolation(finding) || (isEpochTwice && finding.code === 'tokenOrder')) continue
        throw new Violation('audit', `${finding.jobId} ${finding.code}: ${finding.what}`)
      }
    }
  },
})

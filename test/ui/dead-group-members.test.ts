/** Jobs of a dead group are searched by what never changes in their error, and compared with all of it. */
import { describe, expect, it } from 'vitest'
import type { DeadGroup, JobRow } from '../../src/dashboard/api-types.ts'
import { isMember, memberSearch } from '../../ui/src/dead-group-members.ts'

const aGroup = (fingerprint: string): DeadGroup => ({
  ...{ pipeline: 'videos', phase: 'encode', fingerprint, key: 'k', reason: 'attempts', count: 2 },
  ...{ firstMs: 0, lastMs: 0, sample: { id: 'a', error: '' } },
})
const aJob = (lastError: string, deathReason = 'attempts') => ({ lastError, deathReason }) as JobRow

describe('the jobs of a dead group', () => {
  const group = aGroup('Error: ENOSPC (<n>): no space left, write <path>')

  it('are searched by the longest part that is the same in all of them', () => {
    expect(memberSearch(group)).toBe(
      'state:dead pipeline:videos phase:encode error:"): no space left, write"',
    )
    expect(memberSearch(aGroup(''))).toBe('state:dead pipeline:videos phase:encode')
  })

  it('are those whose error has the same shape and the same end', () => {
    const same = 'Error: ENOSPC (28):  no space left, write /var/tmp/1.mp4\n  at a line below'
    expect(isMember(aJob(same), group)).toBe(true)
    expect(isMember(aJob(same, 'rejected'), group)).toBe(false)
    expect(isMember(aJob('Error: ENOENT (2): no space left, write /a'), group)).toBe(false)
  })
})

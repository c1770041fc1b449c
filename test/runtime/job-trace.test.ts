/** The trace of a job follows from its id, for ever: other programs compute it too. */
import { describe, expect, it } from 'vitest'
import { traceparentOf } from '../../src/runtime/job-trace.ts'

describe('the trace of a job', () => {
  it('follows from its id, and stays what it was in the first release', () => {
    expect(traceparentOf('job-1')).toBe(traceparentOf('job-1'))
    expect(traceparentOf('job-1')).toMatchInlineSnapshot(
      `"00-f6fcdb2ed98e5bab35a61c688bede4d4-ff84215c20d405b1-01"`,
    )
  })

  it('is another one for another id, and well formed', () => {
    expect(traceparentOf('job-2')).not.toBe(traceparentOf('job-1'))
    expect(traceparentOf('')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  })
})

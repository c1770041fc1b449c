/** Workers behind a relay, whose connection outlives them: silence is all that tells of their death. */
import { describe, expect, it } from 'vitest'
import { AnOwner, effectsOf, type AWorker } from './an-owner.ts'

/** The first has a job and says nothing any more, the second has nothing to do. */
function aSilentWorker({ relayed = true } = {}) {
  const owner = new AnOwner()
  const silent = owner.worker('silent', { relayed })
  owner.submitted('job')
  silent.holds(silent.grant())
  const idle = owner.worker('idle', { relayed })
  return { owner, silent, idle }
}

/** Second by second; the link stands all the while. */
function passes(owner: AnOwner, seconds: number, reporting: AWorker): void {
  for (let second = 0; second < seconds; second++) {
    owner.pass(1_000)
    owner.commit()
    reporting.report()
  }
}

describe('a worker behind a relay', () => {
  it('loses its job, uncharged, when it has been silent for 32 s', () => {
    const { owner, idle } = aSilentWorker()
    passes(owner, 34, idle)
    expect(idle.grants().map(({ jobId, attempt }) => [jobId, attempt])).toEqual([['job', 1]])
    const releases = owner.groups.flatMap(({ mutations }) =>
      mutations.filter(({ type }) => type === 'release'),
    )
    expect(releases).toMatchObject([{ suspect: false, crashes: 0, ended: { outcome: 'lost' } }])
    expect(owner.owner.status().workers.map(({ id }) => id)).toEqual(['idle'])
  })

  it('keeps its job while it is silent for less', () => {
    const { owner, silent, idle } = aSilentWorker()
    passes(owner, 31, idle)
    silent.finishes(silent.grant())
    expect(effectsOf(owner.commit(), 'AnswerResult')).toMatchObject([{ answer: 'applied' }])
    passes(owner, 20, idle)
    expect(idle.grants()).toEqual([])
  })

  it('has its late result taken, when nobody else has the job by then', () => {
    const owner = new AnOwner()
    const silent = owner.worker('silent', { relayed: true })
    owner.submitted('job')
    silent.holds(silent.grant())
    for (let second = 0; second < 40; second++) owner.pass(1_000)
    expect(owner.owner.status().workers).toEqual([])
    silent.finishes(silent.grant())
    expect(effectsOf(owner.commit(), 'AnswerResult')).toMatchObject([{ answer: 'applied' }])
  })
})

describe('a worker that is connected directly', () => {
  it('keeps its job, however long it is silent', () => {
    const { owner, silent, idle } = aSilentWorker({ relayed: false })
    passes(owner, 600, idle)
    expect(idle.grants()).toEqual([])
    expect(owner.owner.holderOf('job')).toBe(silent.info.id)
  })
})

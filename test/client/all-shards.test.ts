// What is asked of several shards at once, when they do not agree, or one of them has no owner.
import { describe, expect, it } from 'vitest'
import { answersOfAll, shardsAsOne } from '../../src/client/all-shards.ts'
import { defaultLimits } from '../../src/core/limits.ts'
import { seededRng } from '../../src/core/rng.ts'
import { ShardOwner } from '../../src/core/shard-owner.ts'
import { CarbontubeError } from '../../src/errors/errors.ts'

const retry = {
  ...({ attempts: 3, crashes: 3, backoff: 'fixed', delayMs: 1, factor: 1 } as const),
  ...{ delayMsMax: 1, jitter: false },
}

function aShard(shard: number) {
  const phases = ['a', 'b'].map((jobType) => ({ jobType, retry, timeoutMs: 1_000 }))
  return new ShardOwner({
    ...{ spec: { name: 'two', phases }, shard, epoch: 1, nonce: `nonce-${shard}` },
    ...{ limits: defaultLimits, rng: seededRng(1) },
  }).status()
}

describe('a pause that has reached one of two shards', () => {
  it('is shown, since the jobs of that one wait', () => {
    const [one, other] = [aShard(0), { ...aShard(1), paused: true }]
    expect(shardsAsOne([one, one]).paused).toBe(false)
    expect(shardsAsOne([one, other]).paused).toBe(true)
  })

  it('is shown of the phase that was meant', () => {
    const [one, other] = [aShard(0), aShard(1)]
    const phases = other.phases.map((phase, at) => ({ ...phase, paused: at === 1 }))
    const summed = shardsAsOne([one, { ...other, phases }])
    expect(summed.phases.map(({ paused }) => paused)).toEqual([false, true])
  })
})

describe('an order to all shards', () => {
  const late = new CarbontubeError('CT_TIMED_OUT', 'no answer within 10 s')
  const no = () => Promise.reject(late)

  it('has the answers of all', async () => {
    expect(await answersOfAll([Promise.resolve(1), Promise.resolve(2)])).toEqual([1, 2])
  })

  it('says that some have carried it out when others have not', async () => {
    await expect(answersOfAll([Promise.resolve(1), no(), no()])).rejects.toMatchObject({
      code: 'CT_TIMED_OUT',
      message: '1 of 3 shards have done it, the others not: no answer within 10 s',
      details: { done: 1, all: 3 },
    })
  })

  it('fails as it does for one when none has', async () => {
    await expect(answersOfAll([no(), no()])).rejects.toBe(late)
  })
})

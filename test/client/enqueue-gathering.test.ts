/** Calls of one turn share a message, and none of them notices it. */
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  EnqueueGathering,
  messagesOf,
  type EnqueuedReply,
  type EnqueueOrder,
} from '../../src/client/enqueue-gathering.ts'
import { CarbontubeError } from '../../src/errors/errors.ts'

function order(ids: readonly string[], over: Partial<EnqueueOrder> = {}, bytes = 1): EnqueueOrder {
  const jobs = ids.map((id) => {
    return { id, priority: 0, sentMs: 1, instructions: new Uint8Array(bytes) }
  })
  return { pipeline: 'films', shard: 0, jobs, ...over }
}

const idsOf = ({ jobs }: EnqueueOrder) => jobs.map(({ id }) => id)

/** What a manager would say, in an order of its own. */
function replyTo({ jobs }: EnqueueOrder): EnqueuedReply {
  const items = jobs.map(({ id }) => ({ id, outcome: 'stored' as const })).toReversed()
  return { type: 'enqueued', request: 1, durability: 'D1', retryAfterMs: 5, items }
}

let sent: EnqueueOrder[]
let answer: (order: EnqueueOrder) => EnqueuedReply
let gathering: EnqueueGathering

beforeEach(() => {
  sent = []
  answer = replyTo
  gathering = new EnqueueGathering(async (one) => {
    sent.push(one)
    return answer(one)
  })
})

async function itemsOf(reply: Promise<EnqueuedReply>): Promise<readonly string[]> {
  return (await reply).items.map(({ id }) => id)
}

describe('jobs that are enqueued in one turn', () => {
  it('travel together, and each call hears of its own', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(sizes, async (counts) => {
        sent = []
        const calls = counts.map((count, call) =>
          Array.from({ length: count }, (_, at) => `${call}/${at}`),
        )
        const replies = calls.map((ids) => itemsOf(gathering.enqueue(order(ids))))
        const answered = await Promise.all(replies)
        expect(answered.map((ids) => ids.toSorted())).toEqual(calls.map((ids) => ids.toSorted()))
        // Every job once, in the order of the calls, no message of several calls too large.
        expect(sent.flatMap(idsOf)).toEqual(calls.flat())
        expect(Math.max(...sent.map(({ jobs }) => jobs.length))).toBeLessThanOrEqual(1_000)
      }),
    )
  })

  it('are one message, also those that begin while answers are handled', async () => {
    const callers = Array.from({ length: 100 }, async (_, caller) => {
      for (let n = 0; n < 3; n++) await gathering.enqueue(order([`${caller}/${n}`]))
    })
    await Promise.all(callers)
    expect(sent.map(({ jobs }) => jobs.length)).toEqual([100, 100, 100])
  })

  it('are sent apart for other shards and pipelines, for an id that is there, and by a MiB', async () => {
    const large = 700 * 1024
    const calls = [
      order(['a']),
      order(['b'], { shard: 1 }),
      order(['c'], { pipeline: 'songs' }),
      order(['d'], {}, large),
      order(['a']),
      order(['e'], {}, large),
      order(['f'], {}, large),
    ]
    await Promise.all(calls.map((one) => gathering.enqueue(one)))
    expect(sent.map(idsOf)).toEqual([['a', 'd'], ['a', 'e'], ['b'], ['c'], ['f']])
  })

  it('are sent before whatever must not overtake them', async () => {
    const reply = gathering.enqueue(order(['a']))
    expect(sent).toEqual([])
    gathering.flush()
    expect(sent.map(idsOf)).toEqual([['a']])
    await reply
    gathering.flush()
    expect(sent).toHaveLength(1)
  })

  it('do not suffer for one among them that a manager cannot read', async () => {
    answer = (one) => {
      if (idsOf(one).includes('bad')) throw new CarbontubeError('CT_PROTOCOL', 'a bad job')
      return replyTo(one)
    }
    const calls = [['a'], ['bad'], ['b', 'c']].map((ids) => gathering.enqueue(order(ids)))
    const [a, bad, others] = await Promise.allSettled(calls)
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'CT_PROTOCOL' } })
    expect(a).toMatchObject({ value: { items: [{ id: 'a' }] } })
    expect(others).toMatchObject({ value: { items: [{ id: 'c' }, { id: 'b' }] } })
  })

  it.each(['CT_TIMED_OUT', 'CT_STOPPED'] as const)(
    'all have %s, and are not sent again',
    async (code) => {
      answer = () => {
        throw new CarbontubeError(code, 'no answer')
      }
      const calls = await Promise.allSettled(['a', 'b'].map((id) => gathering.enqueue(order([id]))))
      expect(calls).toMatchObject([{ reason: { code } }, { reason: { code } }])
      expect(sent).toHaveLength(1)
    },
  )
})

it('more jobs than a manager takes in one message are several', () => {
  const { jobs } = order(Array.from({ length: 20_001 }, (_, n) => `job-${n}`))
  expect(messagesOf(jobs).map(({ length }) => length)).toEqual([10_000, 10_000, 1])
  expect(messagesOf(jobs).flat()).toEqual(jobs)
})

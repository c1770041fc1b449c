/** A long wait is many short ones, and whoever waits does not notice. */
import { expect, it } from 'vitest'
import { CarbontubeError } from '../../src/errors/errors.ts'
import { waitInTurns, type WaitFor } from '../../src/client/waiting.ts'
import type { SettledItem } from '../../src/wire/replies.ts'

function done(id: string): SettledItem {
  return { id, state: 'done', instructions: new Uint8Array() }
}

const timedOut = (id: string): SettledItem => ({ id, state: 'timedOut' })

it('asks again for what is open when a turn is over, and tells each job once', async () => {
  const turns: WaitFor[] = []
  const told: SettledItem[] = []
  const answers = [
    [[done('1')], [timedOut('2'), done('3'), timedOut('4')]],
    [[timedOut('2')], [done('4')]],
    [[done('2')]],
  ]
  await waitInTurns(
    { ids: ['1', '2', '3', '4'], timeoutMs: 3_600_000, turnMs: 1_000 },
    async (turn, onItems) => {
      for (const items of answers[turns.length] ?? []) onItems(items)
      turns.push(turn)
    },
    (items) => told.push(...items),
  )
  expect(turns.map(({ ids }) => ids)).toEqual([['1', '2', '3', '4'], ['2', '4'], ['2']])
  expect(turns.every(({ timeoutMs }) => timeoutMs === 1_000)).toBe(true)
  expect(told.map(({ id, state }) => `${id} ${state}`)).toEqual([
    ...['1 done', '3 done', '4 done', '2 done'],
  ])
})

it('tells of those that are open when the time is over', async () => {
  const told: SettledItem[] = []
  await waitInTurns(
    { ids: ['1', '2'], timeoutMs: 500, turnMs: 1_000 },
    async (turn, onItems) => {
      expect(turn.timeoutMs).toBeLessThanOrEqual(500)
      onItems([done('1'), timedOut('2')])
    },
    (items) => told.push(...items),
  )
  expect(told).toEqual([done('1'), timedOut('2')])
})

it('goes on when a turn has no answer: its manager is away just then', async () => {
  const told: SettledItem[] = []
  const turns: WaitFor[] = []
  await waitInTurns(
    { ids: ['1', '2'], timeoutMs: 3_600_000, turnMs: 1_000 },
    async (turn, onItems) => {
      turns.push(turn)
      onItems([done(turns.length === 1 ? '1' : '2')])
      if (turns.length === 1) throw new CarbontubeError('CT_TIMED_OUT', 'no answer')
    },
    (items) => told.push(...items),
  )
  expect(turns.map(({ ids }) => ids)).toEqual([['1', '2'], ['2']])
  expect(told).toEqual([done('1'), done('2')])
})

it.each([
  ['in the last turn', { timeoutMs: 500, code: 'CT_TIMED_OUT' }],
  ['for another reason', { timeoutMs: 3_600_000, code: 'CT_STOPPED' }],
] as const)('fails %s', async (_, { timeoutMs, code }) => {
  const ask = () => Promise.reject(new CarbontubeError(code, 'no'))
  const waiting = waitInTurns({ ids: ['1'], timeoutMs, turnMs: 1_000 }, ask, () => undefined)
  await expect(waiting).rejects.toMatchObject({ code })
})

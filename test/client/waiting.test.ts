/** A long wait is many short ones, and whoever waits does not notice. */
import { expect, it } from 'vitest'
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

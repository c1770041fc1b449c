/** News of an operation may come in any order: what the tray shows in the end is how it ended. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Operation } from '../../src/dashboard/api-types.ts'
import { withOperation, withServerList } from '../../ui/src/operation-list.ts'

function operation(id: string, processed: number, state: Operation['state'] = 'running') {
  const what = { action: 'redrive', pipeline: 'tale', by: 'a person' } as const
  return { id, ...what, startedMs: 0, total: 9, processed, outcomes: {}, state } as Operation
}

describe('the operations of the tray', () => {
  it('end as they ended, in whatever order the news of them came', () => {
    const news = [
      ...[0, 3, 6, 9].map((processed) => operation('a', processed)),
      operation('a', 9, 'done'),
      ...[0, 4].map((processed) => operation('b', processed)),
      operation('b', 4, 'aborted'),
      operation('b', 6, 'aborted'),
    ]
    fc.assert(
      fc.property(fc.shuffledSubarray(news, { minLength: news.length }), (inAnyOrder) => {
        const shown = inAnyOrder.reduce(withOperation, [] as readonly Operation[])
        expect(shown.toSorted((x, y) => x.id.localeCompare(y.id))).toEqual([
          operation('a', 9, 'done'),
          operation('b', 6, 'aborted'),
        ])
      }),
    )
  })

  it('keep their place when there are news, and the newest eight', () => {
    const ten = Array.from({ length: 10 }, (_, at) => operation(`${at}`, 0, 'done'))
    const shown = ten.reduce(withOperation, [] as readonly Operation[])
    expect(shown.map(({ id }) => id)).toEqual(['2', '3', '4', '5', '6', '7', '8', '9'])
    const later = withOperation(shown, operation('4', 5, 'done'))
    expect(later.map(({ id }) => id)).toEqual(shown.map(({ id }) => id))
  })

  it('are not cut while they run: they could not be aborted any more', () => {
    const ten = Array.from({ length: 10 }, (_, at) => operation(`${at}`, 0))
    const all = [operation('ended', 9, 'done'), ...ten].reduce(
      withOperation,
      [] as readonly Operation[],
    )
    expect(all.map(({ id }) => id)).toEqual(ten.map(({ id }) => id))
  })

  it('are those of the server again when news may have been missed', () => {
    const shown = [operation('ended', 3), operation('goes on', 3), operation('gone', 3)]
    const list = [
      operation('new', 0),
      operation('goes on', 6),
      operation('ended', 9, 'done'),
      operation('of another tab', 9, 'done'),
    ]
    const startedSince = operation('started since', 0)
    expect(withServerList([...shown, startedSince], list, shown)).toEqual([
      operation('ended', 9, 'done'),
      operation('goes on', 6),
      { ...operation('gone', 3, 'failed'), error: 'the dashboard was restarted' },
      startedSince,
      operation('new', 0),
    ])
  })
})

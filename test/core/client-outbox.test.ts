/** Requests of a client: sent when there is a connection, sent again after silence, given up in time. */
import { describe, expect, it } from 'vitest'
import { ClientOutbox } from '../../src/core/client-outbox.ts'

const send = (request: number) => ({ type: 'send', request })
const giveUp = (request: number) => ({ type: 'giveUp', request })
const patient = { timeoutMs: 10_000, isResent: true }

function anOutbox(inFlightMax = 10): ClientOutbox {
  return new ClientOutbox({ resendMs: 1_000, inFlightMax })
}

describe('the outbox of a client', () => {
  it('sends when a connection stands, and once', () => {
    const outbox = anOutbox()
    outbox.submit(100, 1, patient)
    expect(outbox.orders(100)).toEqual([])
    outbox.connected()
    expect(outbox.orders(100)).toEqual([send(1)])
    expect(outbox.orders(1_099)).toEqual([])
  })

  it('sends again after silence, unless the request is a long wait', () => {
    const outbox = anOutbox()
    outbox.connected()
    outbox.submit(100, 1, patient)
    outbox.submit(100, 2, { timeoutMs: 10_000, isResent: false })
    expect(outbox.orders(100)).toEqual([send(1), send(2)])
    expect(outbox.orders(1_100)).toEqual([send(1)])
    expect(outbox.orders(2_099)).toEqual([])
  })

  it('sends everything unanswered again on a new connection, and nothing without one', () => {
    const outbox = anOutbox()
    outbox.connected()
    for (const request of [1, 2, 3]) outbox.submit(100, request, patient)
    outbox.orders(100)
    outbox.answered(2)
    outbox.disconnected()
    expect(outbox.orders(5_000)).toEqual([])
    outbox.connected()
    expect(outbox.orders(5_000)).toEqual([send(1), send(3)])
  })

  it('gives up when the time is over, connected or not', () => {
    const outbox = anOutbox()
    outbox.submit(100, 1, { timeoutMs: 50, isResent: true })
    expect(outbox.orders(149)).toEqual([])
    expect(outbox.orders(150)).toEqual([giveUp(1)])
    expect(outbox.size).toBe(0)
    expect(outbox.answered(1)).toBe(false)
  })

  it('knows an answer once', () => {
    const outbox = anOutbox()
    outbox.submit(100, 1, patient)
    expect([outbox.answered(1), outbox.answered(1)]).toEqual([true, false])
  })

  it('keeps the bound of requests under way, in order', () => {
    const outbox = anOutbox(2)
    outbox.connected()
    for (const request of [1, 2, 3, 4]) outbox.submit(100, request, patient)
    expect(outbox.orders(100)).toEqual([send(1), send(2)])
    expect(outbox.orders(101)).toEqual([])
    outbox.answered(1)
    expect(outbox.orders(102)).toEqual([send(3)])
    // Silence is answered within the bound.
    expect(outbox.orders(1_100)).toEqual([send(2)])
    outbox.answered(2)
    outbox.answered(3)
    expect(outbox.orders(1_101)).toEqual([send(4)])
  })

  it('does not let waits, of however many jobs, hold up what is asked behind them', () => {
    const outbox = anOutbox(2)
    outbox.connected()
    for (const request of [1, 2, 3]) {
      outbox.submit(100, request, { timeoutMs: 86_400_000, isResent: false })
    }
    for (const request of [4, 5, 6]) outbox.submit(100, request, patient)
    expect(outbox.orders(100)).toEqual([1, 2, 3, 4, 5].map(send))
    outbox.answered(4)
    // A wait keeps its place behind what was asked before it: it may be for a job of that.
    outbox.submit(101, 7, { timeoutMs: 86_400_000, isResent: false })
    expect(outbox.orders(101)).toEqual([send(6)])
    outbox.answered(5)
    expect(outbox.orders(102)).toEqual([send(7)])
    expect(outbox.size).toBe(5)
    outbox.connected()
    expect(outbox.orders(103)).toEqual([1, 2, 3, 6, 7].map(send))
  })

  it('makes room when a request is given up or postponed', () => {
    const outbox = anOutbox(1)
    outbox.connected()
    outbox.submit(100, 1, { timeoutMs: 50, isResent: true })
    outbox.submit(100, 2, patient)
    expect(outbox.orders(100)).toEqual([send(1)])
    expect(outbox.orders(150)).toEqual([giveUp(1), send(2)])
    outbox.postponed(150, 2, 250)
    outbox.submit(150, 3, patient)
    expect(outbox.orders(399)).toEqual([send(3)])
    outbox.answered(3)
    expect(outbox.orders(400)).toEqual([send(2)])
  })
})

describe('a request that the manager has postponed', () => {
  it('does not keep later ones from being sent again after silence', () => {
    const outbox = new ClientOutbox({ resendMs: 1_000, inFlightMax: 2 })
    outbox.connected()
    for (const request of [1, 2, 3]) {
      outbox.submit(0, request, { timeoutMs: 60_000, isResent: true })
    }
    outbox.orders(0)
    outbox.postponed(10, 1, 5_000)
    expect(outbox.orders(10)).toEqual([{ type: 'send', request: 3 }])
    expect(outbox.orders(1_010)).toEqual([
      { type: 'send', request: 2 },
      { type: 'send', request: 3 },
    ])
  })
})

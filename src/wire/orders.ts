/**
 * Manager → worker, on the worker's PULL door: `open` (first on each connection) and `orders` (grants,
 * aborts, skips, drains, resumes, and answers to results; the instructions of the grants are its body, in order).
 */
import type { ResultAnswer } from '../core/effect.ts'
import type { Orders, StreamOpen, WireOrder } from '../core/worker-event.ts'
import { BodyReader, BodyWriter } from './body.ts'
import * as check from './checks.ts'
import { packHeader, type Header } from './header.ts'
import { WireError } from './wire-error.ts'

const answerWords = ['applied', 'duplicate', 'stale', 'gone'] as const satisfies ResultAnswer[]
const abortWords = ['cancelled', 'superseded'] as const
const kinds = { grant: 0, abort: 1, skip: 2, drain: 3, resume: 4 } as const
/** Those that are a number and nothing else. */
const plainKinds = ['skip', 'drain', 'resume'] as const

export function encodeOpen(open: StreamOpen): Uint8Array[] {
  return [packHeader('open', { ...open })]
}

export function decodeOpen(header: Header): StreamOpen {
  return {
    incarnation: check.text(header['incarnation'], 'incarnation'),
    manager: check.text(header['manager'], 'manager'),
    pipeline: check.text(header['pipeline'], 'pipeline'),
    shard: check.count(header['shard'], 'shard'),
    epoch: check.count(header['epoch'], 'epoch'),
    stream: check.text(header['stream'], 'stream'),
    pull: check.text(header['pull'], 'pull'),
    nextOrder: check.count(header['nextOrder'], 'nextOrder'),
    ping: check.count(header['ping'], 'ping'),
  }
}

export function encodeOrders(orders: Orders): Uint8Array[] {
  const body = new BodyWriter()
  const packed = orders.orders.map((order) => packOrder(order, body))
  const answers = orders.answers.map(({ entry, answer }) => [entry, answerWords.indexOf(answer)])
  return body.frames(packHeader('orders', { ...orders, orders: packed, answers }))
}

type PlainOrder = Extract<WireOrder, { type: (typeof plainKinds)[number] }>

function isPlain(order: WireOrder): order is PlainOrder {
  return plainKinds.some((kind) => kind === order.type)
}

function packOrder(order: WireOrder, body: BodyWriter): readonly unknown[] {
  if (isPlain(order)) return [order.order, kinds[order.type]]
  const { epoch, nonce, sequence } = order.token
  if (order.type === 'abort') {
    return [order.order, kinds.abort, epoch, nonce, sequence, abortWords.indexOf(order.reason)]
  }
  const { jobId, phase, attempt, timeoutMs } = order
  const length = body.add(order.instructions)
  return [
    order.order,
    kinds.grant,
    epoch,
    nonce,
    sequence,
    jobId,
    phase,
    attempt,
    timeoutMs,
    length,
  ]
}

export function decodeOrders(header: Header, frames: readonly Uint8Array[]): Orders {
  const body = new BodyReader(frames)
  const { seen, waiting } = header
  return {
    incarnation: check.text(header['incarnation'], 'incarnation'),
    stream: check.text(header['stream'], 'stream'),
    epoch: check.count(header['epoch'], 'epoch'),
    ping: check.count(header['ping'], 'ping'),
    ...(seen === undefined ? {} : { seen: check.count(seen, 'seen') }),
    ...(waiting === undefined ? {} : { waiting: check.count(waiting, 'waiting') }),
    orders: check.list(header['orders'], 'orders').map((item) => {
      const order = check.list(item, 'order')
      return unpackOrder(order, order[1] === kinds.grant ? body.take(order[9]) : undefined)
    }),
    answers: check.list(header['answers'], 'answers').map((item) => {
      const [entry, code] = check.list(item, 'answer')
      const answer = answerWords[check.count(code, 'answer')]
      if (answer === undefined) throw new WireError('malformed', 'unknown answer')
      return { entry: check.count(entry, 'entry'), answer }
    }),
  }
}

function unpackOrder(order: readonly unknown[], payload: Uint8Array | undefined): WireOrder {
  const number = check.count(order[0], 'order')
  const plain = plainKinds.find((kind) => kinds[kind] === order[1])
  if (plain !== undefined) return { type: plain, order: number }
  const token = {
    epoch: check.count(order[2], 'epoch'),
    nonce: check.text(order[3], 'nonce'),
    sequence: check.count(order[4], 'sequence'),
  }
  if (order[1] === kinds.abort) {
    const reason = abortWords[check.count(order[5], 'reason')]
    if (reason === undefined) throw new WireError('malformed', 'unknown reason')
    return { type: 'abort', order: number, token, reason }
  }
  if (payload === undefined) throw new WireError('malformed', 'unknown kind of order')
  return {
    type: 'grant',
    order: number,
    token,
    instructions: payload,
    jobId: check.text(order[5], 'jobId'),
    phase: check.count(order[6], 'phase'),
    attempt: check.count(order[7], 'attempt'),
    timeoutMs: check.count(order[8], 'timeoutMs'),
  }
}

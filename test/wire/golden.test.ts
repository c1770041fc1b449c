/**
 * Golden frames: one message of each kind as it stood on the wire in the first release, in hex. What is
 * kept there must be read as it was meant for ever; what is written today must be the same bytes, or the
 * protocol has changed and needs a number. New kinds are added; kept ones are never edited.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { unpackHeader } from '../../src/wire/header.ts'
import { decodeOpen, decodeOrders, encodeOpen, encodeOrders } from '../../src/wire/orders.ts'
import { decodePublished, encodePublished } from '../../src/wire/published.ts'
import { decodeReply, encodeReply } from '../../src/wire/replies.ts'
import { decodeReport, encodeReport } from '../../src/wire/report.ts'
import { decodeRequest, encodeRequest } from '../../src/wire/requests.ts'
import { asSent } from './as-sent.ts'
import { samples, type Sample } from './golden-samples.ts'

const golden = JSON.parse(
  readFileSync(new URL('golden-frames.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, readonly string[]>>

function encode(sample: Sample): readonly Uint8Array[] {
  switch (sample.kind) {
    case 'open':
      return encodeOpen(sample.message)
    case 'orders':
      return encodeOrders(sample.message)
    case 'report':
      return encodeReport(sample.message)
    case 'request':
      return encodeRequest(sample.message)
    case 'reply':
      return encodeReply(sample.message)
    case 'published':
      return encodePublished(sample.message)
  }
}

function decode(kind: Sample['kind'], frames: readonly Uint8Array[]): unknown {
  if (kind === 'published') return decodePublished(frames)
  const header = unpackHeader(frames[0])
  switch (kind) {
    case 'open':
      return decodeOpen(header)
    case 'orders':
      return decodeOrders(header, frames)
    case 'report':
      return decodeReport(header, frames)
    case 'request':
      return decodeRequest(header, frames)
    case 'reply':
      return decodeReply(header, frames)
  }
}

const hex = (frame: Uint8Array) => Buffer.from(frame).toString('hex')

describe('the golden frames', () => {
  it('are there for every sample, and for nothing else', () => {
    expect(Object.keys(golden).toSorted()).toEqual(Object.keys(samples).toSorted())
  })

  it.each(Object.entries(samples))('of %s are what is written today', (name, sample) => {
    expect(encode(sample).map(hex)).toEqual(golden[name])
  })

  it.each(Object.entries(samples))('of %s are read as they were meant', (name, sample) => {
    const frames = (golden[name] ?? []).map((frame) => Buffer.from(frame, 'hex'))
    expect(asSent(decode(sample.kind, frames))).toMatchObject(asSent(sample.message) as object)
  })
})

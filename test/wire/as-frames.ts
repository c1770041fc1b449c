/** Each kind of message to its frames and back: for the golden frames, and for whoever makes bad ones of them. */
import { unpackHeader } from '../../src/wire/header.ts'
import { decodeOpen, decodeOrders, encodeOpen, encodeOrders } from '../../src/wire/orders.ts'
import { decodePublished, encodePublished } from '../../src/wire/published.ts'
import { decodeReply, encodeReply } from '../../src/wire/replies.ts'
import { decodeReport, encodeReport } from '../../src/wire/report.ts'
import { decodeRequest, encodeRequest } from '../../src/wire/requests.ts'
import type { Sample } from './golden-samples.ts'

export function framesOf(sample: Sample): readonly Uint8Array[] {
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

/** Throws `WireError`. */
export function messageIn(kind: Sample['kind'], frames: readonly Uint8Array[]): unknown {
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

/**
 * Frame 0 of every message: a MessagePack map with `v` (protocol version), `type`, and the fields of the
 * type. A plain client may send it as JSON text: a first byte `{` cannot begin a MessagePack map.
 */
import { Packr } from 'msgpackr'
import { WireError } from './wire-error.ts'
import { protocolVersion } from './version.ts'

export type Header = Readonly<Record<string, unknown>> & { readonly type: string }

/** Headers larger than this are refused: a bound on what a hostile peer can make us decode. */
const headerBytesMax = 16 * 1024 * 1024
const openBrace = 0x7b

const packr = new Packr({ useRecords: false, int64AsType: 'number' })

export function packHeader(type: string, fields: Readonly<Record<string, unknown>>): Uint8Array {
  return packr.pack({ v: protocolVersion, type, ...fields })
}

/** Throws `WireError` for anything that is not a header of this protocol version. */
export function unpackHeader(frame: Uint8Array | undefined): Header {
  if (frame === undefined || frame.length === 0) throw new WireError('malformed', 'no header frame')
  if (frame.length > headerBytesMax) throw new WireError('malformed', 'the header is too large')
  const header = decode(frame)
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new WireError('malformed', 'the header is not a map')
  }
  const { v, type } = header as { v?: unknown; type?: unknown }
  if (typeof type !== 'string') throw new WireError('malformed', 'the header has no type')
  if (v !== protocolVersion) {
    const shown = typeof v === 'number' ? v : typeof v
    throw new WireError('unsupported', `protocol version ${shown}, not ${protocolVersion}`)
  }
  return header as Header
}

function decode(frame: Uint8Array): unknown {
  try {
    if (frame[0] === openBrace) return JSON.parse(Buffer.from(frame).toString('utf8'))
    return packr.unpack(frame)
  } catch (cause) {
    throw new WireError('malformed', 'the header is not MessagePack', cause)
  }
}

/**
 * The instructions of a job as bytes: a MessagePack map of JSON values plus binary. Bytes that begin
 * with `{` are JSON text, so that a client in any language may send that. Nothing but such values gets
 * in or out: what `JSON.stringify` or MessagePack would lose in silence is an error that names its path.
 *
 * On the hot path of clients and workers: plain values cost one walk without allocation, then the packer.
 * Everything else takes the second walk in `plain-values.ts`, which copies or complains.
 */
import { Packr } from 'msgpackr'
import { CarbontubeError, isCarbontubeError } from '../errors/errors.ts'
import { describeValue, isPlain, isRecord, toPlain } from './plain-values.ts'

/** Integers of 64 bits become a bigint only beyond 2⁵³. msgpackr has this, its types do not name it. */
const int64AsType = 'auto' as 'number'

/**
 * `variableMapSize`: the shortest form, which is also what other languages write. `useToJSON` is off
 * because the walk has done it, and because a mere property of that name must not be called. `copyBuffers`: whoever
 * writes into bytes, or hands them to a thread, must not do it to the message, which has other jobs' too.
 */
const packr = new Packr({
  ...{ useRecords: false, variableMapSize: true, useToJSON: false, int64AsType },
  copyBuffers: true,
})
const utf8 = new TextDecoder('utf-8', { fatal: true })
const openingBrace = 0x7b

/**
 * Bytes of a job's instructions. Dates and other objects with a `toJSON` become what that returns; other
 * class instances their own properties; `undefined` properties are left out, `undefined` in a list is
 * null; `Uint8Array` and `Buffer` travel as binary; bigints of 64 bits as integers.
 *
 * @throws CT_BAD_INSTRUCTIONS for functions, symbols, larger bigints, cycles, Map, Set, Promise, Error,
 * other typed arrays, a key `__proto__`, nesting beyond `depthMax`, or when it is not an object at all;
 * `details.path` says where (`segments[3].encode`; '' for the whole)
 */
export function encodeInstructions(instructions: object): Uint8Array {
  const plain =
    isRecord(instructions) && isPlain(instructions) ? instructions : toPlain(instructions)
  if (!isRecord(plain)) throw notAnObject(plain)
  return packr.pack(plain)
}

/**
 * The instructions in such bytes. Integers beyond 2⁵³ arrive as bigint, binary as `Uint8Array`s
 * of its own, a MessagePack timestamp as its ISO text.
 *
 * @throws CT_BAD_INSTRUCTIONS when they do not parse, are no object, or hold what `encodeInstructions`
 * refuses
 */
export function decodeInstructions(bytes: Uint8Array): Record<string, unknown> {
  const value = bytes[0] === openingBrace ? parseJson(bytes) : unpack(bytes)
  if (!isRecord(value)) throw notAnObject(value)
  return isPlain(value) ? value : (toPlain(value) as Record<string, unknown>)
}

/** The message that the last instructions were a part of, unless it was larger than this. */
let message: Buffer = Buffer.alloc(0)
const messageBytesMax = 1024 * 1024

function unpack(bytes: Uint8Array): unknown {
  const { buffer, byteOffset, length } = bytes
  try {
    // A view of its own: msgpackr leaves a property on the array it reads. One for all jobs of a message, since
    // such a property costs as much as the reading of a small job.
    if (length === 0 || buffer.byteLength > messageBytesMax) {
      return packr.unpack(Buffer.from(buffer, byteOffset, length))
    }
    if (message.buffer !== buffer) message = Buffer.from(buffer)
    return packr.unpack(message, { start: byteOffset, end: byteOffset + length })
  } catch (cause) {
    throw unreadable('MessagePack', cause)
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch (cause) {
    throw unreadable('JSON', cause)
  }
}

function unreadable(format: string, cause: unknown): CarbontubeError {
  if (isCarbontubeError(cause)) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  return new CarbontubeError(
    'CT_BAD_INSTRUCTIONS',
    `the instructions are no ${format}: ${message}`,
    {
      hint: 'Send a MessagePack map, or JSON text that begins with {.',
      cause,
    },
  )
}

function notAnObject(value: unknown): CarbontubeError {
  return new CarbontubeError(
    'CT_BAD_INSTRUCTIONS',
    `the instructions are ${describeValue(value)}, not an object`,
    { hint: 'Give an object with a property per instruction.', details: { path: '' } },
  )
}

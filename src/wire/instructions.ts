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
 * because the walk has done it, and because a mere property of that name must not be called.
 */
const packr = new Packr({ useRecords: false, variableMapSize: true, useToJSON: false, int64AsType })
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
 * The instructions in such bytes. Integers beyond 2⁵³ arrive as bigint, binary as `Uint8Array` views
 * of the given bytes, a MessagePack timestamp as its ISO text.
 *
 * @throws CT_BAD_INSTRUCTIONS when they do not parse, are no object, or hold what `encodeInstructions`
 * refuses
 */
export function decodeInstructions(bytes: Uint8Array): Record<string, unknown> {
  const value = bytes[0] === openingBrace ? parseJson(bytes) : unpack(bytes)
  if (!isRecord(value)) throw notAnObject(value)
  return isPlain(value) ? value : (toPlain(value) as Record<string, unknown>)
}

/**
 * The job after a phase: a new object, with what the phase returned laid over it. Properties returned as
 * `undefined` change nothing, and neither does returning `undefined` or `null`.
 *
 * @throws CT_BAD_RESULT when something else than an object was returned
 */
export function mergeInstructions(
  job: Readonly<Record<string, unknown>>,
  returned: unknown,
): Record<string, unknown> {
  if (returned === undefined || returned === null) return { ...job }
  const added: unknown = hasToJson(returned) ? returned.toJSON() : returned
  if (!isMergeable(added)) throw notMergeable(added)

  const merged: Record<string, unknown> = { ...job }
  for (const key of Object.keys(added)) {
    const value = added[key]
    if (value === undefined) continue
    if (key !== '__proto__') merged[key] = value
    // As a plain property, for encodeInstructions to refuse; an assignment would set the prototype.
    else Object.defineProperty(merged, key, { value, enumerable: true })
  }
  return merged
}

/** Names that are set where a phase has returned this, which could be merged. */
export function mergedKeys(returned: unknown): readonly string[] {
  if (returned === undefined || returned === null) return []
  const added = (hasToJson(returned) ? returned.toJSON() : returned) as Record<string, unknown>
  return Object.keys(added).filter((key) => added[key] !== undefined)
}

function unpack(bytes: Uint8Array): unknown {
  try {
    // A view of its own: msgpackr leaves a property on the array it reads.
    return packr.unpack(bytes.subarray())
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

function hasToJson(value: unknown): value is { toJSON(): unknown } {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof Reflect.get(value, 'toJSON') === 'function'
  )
}

/** Objects with properties of their own: not lists, bytes, maps, promises and the like. */
function isMergeable(value: unknown): value is Record<string, unknown> {
  if (!isRecord(value)) return false
  return Object.getPrototypeOf(value) === Object.prototype || describeValue(value) === 'an object'
}

function notMergeable(value: unknown): CarbontubeError {
  const what = describeValue(value)
  const hint = Array.isArray(value)
    ? 'Phases per element are not there yet: return an object with the list in it, { segments: […] }.'
    : 'Return an object, whose properties are merged into the job, or nothing.'
  return new CarbontubeError('CT_BAD_RESULT', `the phase returned ${what}, not an object`, {
    hint,
    details: { returned: what },
  })
}

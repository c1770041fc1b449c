/**
 * The job after a phase: what the phase returned, laid over the instructions that it was given. Over their
 * bytes: new names are appended to the map as it came, and nothing is unpacked and packed a second time, which
 * was half of what a short phase cost. So what a phase does to the object it was given is not merged either.
 */
import { CarbontubeError } from '../errors/errors.ts'
import { decodeInstructions, encodeInstructions } from './instructions.ts'
import { describeValue, isPlain, isRecord, toPlain } from './plain-values.ts'

/** https://github.com/msgpack/msgpack/blob/master/spec.md#map-format-family */
const shortMap = 0x80
const shortMapMax = 15
const map16 = 0xde
const map16Max = 0xffff

export interface Merged {
  /** Bytes of their own: they keep no message in memory. */
  readonly instructions: Uint8Array
  /** What the phase has set. */
  readonly keys: readonly string[]
}

/**
 * `names` are those that `given` has, as they were before the phase could change them. Properties returned as
 * `undefined` change nothing, and neither does returning `undefined` or `null`.
 *
 * @throws CT_BAD_RESULT when something else than an object was returned, CT_BAD_INSTRUCTIONS when it has
 * what cannot travel
 */
export function mergeInstructions(
  given: Uint8Array,
  names: readonly string[],
  returned: unknown,
): Merged {
  const added = addedBy(returned)
  const keys = Object.keys(added)
  if (keys.length === 0) return { instructions: Buffer.from(given), keys }
  const instructions =
    appended(given, { names, keys, added }) ??
    encodeInstructions({ ...decodeInstructions(given), ...added })
  return { instructions, keys }
}

/** A plain object: what is to be laid over the job. */
function addedBy(returned: unknown): Record<string, unknown> {
  if (returned === undefined || returned === null) return {}
  const added: unknown = hasToJson(returned) ? returned.toJSON() : returned
  if (!isMergeable(added)) throw notMergeable(added)
  return isPlain(added) ? added : (toPlain(added) as Record<string, unknown>)
}

/** `undefined` when that is not possible: a name is there already, or the map is not one of the short forms. */
function appended(
  given: Uint8Array,
  {
    names,
    keys,
    added,
  }: { names: readonly string[]; keys: readonly string[]; added: Record<string, unknown> },
): Uint8Array | undefined {
  const count = names.length + keys.length
  // A name that is there twice is there once when it is unpacked.
  if (count > map16Max || countOf(given) !== names.length || haveOneInCommon(names, keys)) {
    return undefined
  }
  const more = encodeInstructions(added)
  const at = headBytes(count) - headBytes(names.length)
  const moreAt = at + given.length - headBytes(keys.length)
  const merged = Buffer.allocUnsafe(moreAt + more.length)
  // Each covers the head of the one before.
  merged.set(more, moreAt)
  merged.set(given, at)
  if (count <= shortMapMax) merged[0] = shortMap + count
  else merged.set([map16, count >> 8, count & 0xff])
  return merged
}

/** Entries of a map in its shortest form; `undefined` for any other bytes. */
function countOf(bytes: Uint8Array): number | undefined {
  const [first = 0, high = 0, low = 0] = bytes
  if (first >= shortMap && first <= shortMap + shortMapMax) return first - shortMap
  const count = high * 256 + low
  return first === map16 && count > shortMapMax ? count : undefined
}

function headBytes(count: number): number {
  return count <= shortMapMax ? 1 : 3
}

function haveOneInCommon(names: readonly string[], keys: readonly string[]): boolean {
  if (names.length <= shortMapMax) return keys.some((key) => names.includes(key))
  const known = new Set(names)
  return keys.some((key) => known.has(key))
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

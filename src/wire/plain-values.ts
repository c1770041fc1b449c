/**
 * Which values travel, decided in two walks. `isPlain` is the fast one: it answers yes for what can be
 * packed as it stands. `toPlain` is the thorough one: it makes a copy that can be packed, or throws with
 * the path of what cannot.
 */
import { CarbontubeError } from '../errors/errors.ts'

/** Levels of objects and lists in each other; also what stops a cycle. */
export const depthMax = 100

const int64Min = -(2n ** 63n)
const uint64Max = 2n ** 64n - 1n

/** An object with string keys, and nothing that is one only by name (a list, bytes, null). */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  )
}

/** Whether a value can be packed as it stands. Allocates nothing; `false` means: look closer. */
export function isPlain(value: unknown, depth = 0): boolean {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return true
    case 'object':
      return value === null || isPlainObject(value, depth)
    default:
      return false
  }
}

function isPlainObject(value: object, depth: number): boolean {
  if (depth >= depthMax) return false
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!isPlain(value[index], depth + 1)) return false
    }
    return true
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value instanceof Uint8Array
  for (const key in value) {
    if (key === '__proto__' || !isPlain((value as Record<string, unknown>)[key], depth + 1))
      return false
  }
  return true
}

/**
 * A copy that can be packed. See `encodeInstructions` for what becomes of what.
 *
 * @throws CT_BAD_INSTRUCTIONS with `details.path`
 */
export function toPlain(value: unknown): unknown {
  return copy(value, [], [])
}

type Path = readonly (string | number)[]

/** `undefined` means: leave it out. `above` are the objects on the way here. */
function copy(value: unknown, path: Path, above: readonly object[]): unknown {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'undefined':
      return value
    case 'bigint':
      if (value >= int64Min && value <= uint64Max) return value
      throw cannotTravel(path, 'a bigint of more than 64 bits', 'Return it as text.')
    case 'object':
      return value === null ? null : copyObject(value, path, above)
    default:
      throw cannotTravel(path, describeValue(value))
  }
}

function copyObject(value: object, path: Path, above: readonly object[]): unknown {
  if (value instanceof Uint8Array) return value
  if (above.includes(value)) throw cannotTravel(path, 'a cycle', 'Refer to it by an id instead.')
  if (above.length >= depthMax) {
    throw cannotTravel(path, `more than ${depthMax} levels deep`, 'Make it flatter.')
  }
  const around = [...above, value]
  const toJson: unknown = Reflect.get(value, 'toJSON')
  if (typeof toJson === 'function') return copy(toJson.call(value), path, around)

  if (Array.isArray(value)) {
    return Array.from(value, (element, index) => copy(element, [...path, index], around) ?? null)
  }
  const what = describeValue(value)
  if (what !== 'an object') throw cannotTravel(path, what, advice[what])
  const plain: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    const here = [...path, key]
    if (key === '__proto__') throw cannotTravel(here, 'a key that is never allowed')
    const copied = copy(member, here, around)
    if (copied !== undefined) plain[key] = copied
  }
  return plain
}

/** Objects that look like data and lose it. By tag, since they may come from another realm. */
const special: Readonly<Record<string, string>> = {
  Map: 'a Map',
  Set: 'a Set',
  WeakMap: 'a WeakMap',
  WeakSet: 'a WeakSet',
  Promise: 'a Promise',
  RegExp: 'a RegExp',
  Error: 'an Error',
  ArrayBuffer: 'an ArrayBuffer',
  SharedArrayBuffer: 'a SharedArrayBuffer',
  DataView: 'a DataView',
  String: 'a String object',
  Number: 'a Number object',
  Boolean: 'a Boolean object',
}

const advice: Readonly<Record<string, string>> = {
  'a Map': 'Use Object.fromEntries(map).',
  'a Set': 'Use [...set].',
  'a Promise': 'An await is missing.',
  'an Error': 'Use error.message.',
  'an ArrayBuffer': 'Use new Uint8Array(buffer).',
  'a String object': 'Use String(value).',
  'a Number object': 'Use Number(value).',
  'a Boolean object': 'Use value.valueOf().',
}

/** What a value is, for a message: `a list`, `a Map`, `text`, `an object`. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (value instanceof Uint8Array) return 'bytes'
  switch (typeof value) {
    case 'undefined':
      return 'undefined'
    case 'string':
      return 'a text'
    case 'object': {
      const tag = Object.prototype.toString.call(value).slice(8, -1)
      return special[tag] ?? (ArrayBuffer.isView(value) ? `a ${tag}` : 'an object')
    }
    default:
      return `a ${typeof value}`
  }
}

function cannotTravel(path: Path, what: string, hint?: string): CarbontubeError {
  const shown = pathText(path)
  const message =
    shown === '' ? `the instructions are ${what}` : `"${shown}" is ${what}, which cannot travel`
  return new CarbontubeError('CT_BAD_INSTRUCTIONS', message, {
    hint: hint ?? 'Instructions are JSON values and bytes.',
    details: { path: shown, found: what },
  })
}

/** `segments[3].encode`, `["a key"].b`. */
function pathText(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`
      if (!/^[A-Za-z_$][\w$]*$/.test(part)) return `[${JSON.stringify(part)}]`
      return index === 0 ? part : `.${part}`
    })
    .join('')
}

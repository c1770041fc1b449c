/**
 * What phases log, as values that can be written as JSON and sent: logging must never fail a job. What cannot
 * travel is shown as text.
 */

/** Deeper values are shown as text. */
const depthMax = 8

/** The fields of a log line. Never throws. */
export function shownFields(fields: unknown): Record<string, unknown> {
  if (typeof fields !== 'object' || fields === null) return {}
  // What there is to say of one is in no property that can be listed.
  if (fields instanceof Error) return { error: shown(fields, []) }
  return shownProperties(fields, [fields])
}

/** A value as text, whatever it is. */
export function shownText(value: unknown): string {
  try {
    return String(value)
  } catch {
    return `(${typeof value} that cannot be shown)`
  }
}

function shown(value: unknown, within: readonly object[]): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value !== 'object' || value === null) {
    const isPlain = value === null || typeof value === 'string' || typeof value === 'boolean'
    return isPlain || value === undefined ? value : shownText(value)
  }
  if (within.includes(value)) return '(cycle)'
  if (within.length > depthMax) return Array.isArray(value) ? '(list)' : '(object)'
  const inner = [...within, value]
  if (Array.isArray(value)) return value.map((item) => shown(item, inner))
  if (value instanceof Error) {
    return shown({ name: value.name, message: value.message, stack: value.stack }, within)
  }
  // Before `toJSON`: that of a Buffer makes a number of every byte.
  if (ArrayBuffer.isView(value)) return Object.prototype.toString.call(value)
  if (typeof Reflect.get(value, 'toJSON') === 'function') {
    return shown((value as { toJSON(): unknown }).toJSON(), inner)
  }
  const isBag = !(value instanceof Map) && !(value instanceof Set)
  return isBag ? shownProperties(value, inner) : Object.prototype.toString.call(value)
}

function shownProperties(value: object, within: readonly object[]): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const key of keysOf(value)) {
    try {
      const one = shown(Reflect.get(value, key), within)
      if (one !== undefined && key !== '__proto__') found[key] = one
    } catch (error) {
      found[key] = `(cannot be read: ${shownText(error)})`
    }
  }
  return found
}

function keysOf(value: object): readonly string[] {
  try {
    return Object.keys(value)
  } catch {
    return []
  }
}

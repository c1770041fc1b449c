/** Checks of decoded fields: a peer may send anything. Each throws `WireError` naming the field. */
import { WireError } from './wire-error.ts'

export function text(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw wrong(name, 'text', value)
}

export function count(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw wrong(name, 'a whole number', value)
}

export function integer(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw wrong(name, 'an integer', value)
}

export function flag(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value
  throw wrong(name, 'true or false', value)
}

export function list(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw wrong(name, 'a list', value)
}

export function counts(value: unknown, name: string): readonly number[] {
  return list(value, name).map((item) => count(item, name))
}

export function texts(value: unknown, name: string): readonly string[] {
  return list(value, name).map((item) => text(item, name))
}

export function map(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  throw wrong(name, 'a map', value)
}

export function frame(frames: readonly Uint8Array[], index: number): Uint8Array {
  const found = frames[index]
  if (found !== undefined) return found
  throw new WireError('malformed', `frame ${index} is missing`)
}

function wrong(name: string, wanted: string, value: unknown): WireError {
  const got = typeof value === 'number' ? String(value) : typeof value
  return new WireError('malformed', `${name} must be ${wanted}, not ${got}`)
}

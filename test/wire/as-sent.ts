/**
 * What was decoded, with its bytes as they were sent: payloads arrive as views of a `Buffer`, and the
 * comparison of vitest tells that from a `Uint8Array`.
 */
export function asSent(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (Array.isArray(value)) return value.map(asSent)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asSent(inner)]))
}

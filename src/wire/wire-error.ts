/** A message that is not of this protocol. It is counted, logged once a second at most, and dropped. */
export class WireError extends Error {
  override readonly name = 'WireError'
  readonly kind: 'malformed' | 'unsupported'

  constructor(kind: 'malformed' | 'unsupported', message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.kind = kind
  }
}

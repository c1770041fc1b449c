/**
 * A token names one grant. A result counts only with the current token; everything a worker writes is
 * fenced by it. Compared for equality; ordered by its text, whose prefix is the fence.
 */
export interface Token {
  /** Number of the ownership that granted; grows with every new owner of the shard. */
  readonly epoch: number
  /** 64 random bits of that owner, in hex: two owners never make the same token even under one epoch. */
  readonly nonce: string
  /** Grows with every grant of that owner. */
  readonly sequence: number
}

/** What orders tokens: the later epoch, and in one epoch the later grant. */
export type Fence = Pick<Token, 'epoch' | 'sequence'>

/** Fixed width, compares as text: `epoch` 16 digits, `sequence` 12 digits. What users see as `context.fence`. */
export function fenceOf(token: Fence): string {
  const sequence = String(token.sequence)
  return `${String(token.epoch).padStart(16, '0')}-${zeros.slice(sequence.length)}${sequence}`
}

const zeros = '000000000000'

/** The whole token as one string: the fence, then the nonce. */
export function tokenText(token: Token): string {
  return `${fenceOf(token)}-${token.nonce}`
}

const pattern = /^((\d{16})-(\d{12}))-(.+)$/

/** The fence in the text of a token; `undefined` when it is none. */
export function fenceOfText(text: string): string | undefined {
  return pattern.exec(text)?.[1]
}

/** The token of such a text; `undefined` when it is none. */
export function parseToken(text: string): Token | undefined {
  const [, , epoch, sequence, nonce] = pattern.exec(text) ?? []
  if (nonce === undefined) return undefined
  return { epoch: Number(epoch), sequence: Number(sequence), nonce }
}

/** The fence in the text of a token, or a fence alone; `undefined` when it is neither. */
export function parseFence(text: string): Fence | undefined {
  const [, epoch, sequence] = /^(\d{16})-(\d{12})/.exec(text) ?? []
  return epoch === undefined ? undefined : { epoch: Number(epoch), sequence: Number(sequence) }
}

export function sameToken(a: Token, b: Token): boolean {
  return a.sequence === b.sequence && a.epoch === b.epoch && a.nonce === b.nonce
}

/** Whether `a` was granted after `b`: by a later owner, or later by the same. */
export function isNewer(a: Fence, b: Fence): boolean {
  return a.epoch === b.epoch ? a.sequence > b.sequence : a.epoch > b.epoch
}

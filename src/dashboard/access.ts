/**
 * Who is asking, and what they may do: tokens from the configuration, sessions of browsers. Only hashes of
 * tokens are known here, and only hashes are compared, each in constant time. Sessions live in memory: a
 * restart logs everybody out.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { CarbontubeError } from '../errors/errors.ts'
import { shown } from '../errors/shown.ts'
import type { Role } from './api-types.ts'

export interface AccessToken {
  readonly name: string
  readonly role: Role
  /** SHA-256 of the secret. */
  readonly hash: Buffer
}

export interface Identity {
  readonly name: string
  readonly role: Role
  /** How it was shown; `anybody`: no token is configured. */
  readonly by: 'bearer' | 'session' | 'anybody'
  readonly sessionId?: string
}

const ranks: Readonly<Record<Role, number>> = { read: 0, operate: 1, admin: 2 }

export function mayDo(role: Role, least: Role): boolean {
  return ranks[role] >= ranks[least]
}

const namePattern = String.raw`[\w.-]{1,64}`
const nameOnly = new RegExp(`^${namePattern}$`)
const tokenPattern = new RegExp(`^(${namePattern}):(read|operate|admin):([0-9a-f]{64})$`, 'i')

/** What `name:role:hash` may begin with. */
export function isTokenName(text: string): boolean {
  return nameOnly.test(text)
}

/** `name:role:hash`. @throws CT_BAD_OPTION */
export function parseToken(text: string): AccessToken {
  const [, name, role, hash] = tokenPattern.exec(text) ?? []
  if (name !== undefined && hash !== undefined) {
    return { name, role: role?.toLowerCase() as Role, hash: Buffer.from(hash, 'hex') }
  }
  // Not the whole of it: somebody may have given the secret where its hash is wanted.
  throw new CarbontubeError(
    'CT_BAD_OPTION',
    `the token ${shown(text.slice(0, 8))}… is not name:role:hash: ${wrongPartOf(text)}`,
    {
      hint: 'Make one with `carbontube web-token <name> <role>`; roles are read, operate and admin.',
    },
  )
}

/** Never with the part itself. */
function wrongPartOf(text: string): string {
  const parts = text.split(':')
  const [name = '', role = ''] = parts
  if (parts.length !== 3) return `it has ${parts.length} of the 3 parts`
  if (!isTokenName(name)) return 'its name is not 1 to 64 letters, digits and any of . _ -'
  const isRole = Object.hasOwn(ranks, role.toLowerCase())
  return isRole ? 'its hash is not 64 hex digits' : 'its role is none of read, operate and admin'
}

export function hashOfSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

interface Session {
  readonly token: AccessToken
  usedMs: number
}

/** Unused for so long, a session ends. */
const sessionIdleMs = 12 * 3_600_000
/** Beyond, the one that was used least recently ends: nobody has so many browsers. */
const sessionsMax = 10_000

export class Access {
  readonly #tokens: readonly AccessToken[]
  readonly #sessions = new Map<string, Session>()
  readonly #nowMs: () => number
  /** Called with the id of each session that has ended. */
  onSessionEnded: (id: string) => void = () => undefined

  constructor(tokens: readonly AccessToken[], nowMs: () => number) {
    this.#tokens = tokens
    this.#nowMs = nowMs
  }

  get needsToken(): boolean {
    return this.#tokens.length > 0
  }

  /** All tokens are looked at, whichever fits: time tells nothing. */
  tokenOf(secret: string): AccessToken | undefined {
    const hash = hashOfSecret(secret)
    return this.#tokens.filter((token) => timingSafeEqual(token.hash, hash))[0]
  }

  /** The id of a new session. */
  logIn(token: AccessToken): string {
    const id = randomBytes(32).toString('base64url')
    this.#endIdle()
    this.#sessions.set(id, { token, usedMs: this.#nowMs() })
    return id
  }

  logOut(id: string): void {
    if (this.#sessions.delete(id)) this.onSessionEnded(id)
  }

  identityOfSession(id: string): Identity | undefined {
    const session = this.#sessions.get(id)
    if (session === undefined) return undefined
    const nowMs = this.#nowMs()
    if (nowMs - session.usedMs > sessionIdleMs) {
      this.logOut(id)
      return undefined
    }
    session.usedMs = nowMs
    // The most recently used ones are last.
    this.#sessions.delete(id)
    this.#sessions.set(id, session)
    return { name: session.token.name, role: session.token.role, by: 'session', sessionId: id }
  }

  #endIdle(): void {
    const nowMs = this.#nowMs()
    for (const [id, { usedMs }] of this.#sessions) {
      const isOver = nowMs - usedMs > sessionIdleMs || this.#sessions.size >= sessionsMax
      if (!isOver) return
      this.logOut(id)
    }
  }
}

/**
 * The seam to ioredis, which the user installs. Only what is used of it is written down here, so that
 * nobody who compiles against Carbontube needs its types.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { CarbontubeError } from '../../errors/errors.ts'
import { packageFrom } from '../driver-package.ts'

/** A `require` of some folder, as `createRequire` makes it. */
type RequireFrom = (id: string) => unknown

/**
 * Bytes must be a `Buffer`: ioredis makes a text of any other array. It is known by one of its methods, since
 * the declarations of the package name no type of Node: a project may have them without asking for them.
 */
type BufferBytes = Uint8Array & { equals(other: Uint8Array): boolean }

/** An argument of a command. */
export type RedisArgument = string | number | BufferBytes

/** What a server answers: texts are bytes. */
export type RedisReply = number | Uint8Array | null | readonly RedisReply[]

/** One client: a connection to a server, or those to the nodes of a cluster. */
export interface RedisClient {
  readonly status: string
  callBuffer(command: string, args: readonly RedisArgument[]): Promise<unknown>
  connect(): Promise<void>
  /** Ends it; with `true` it connects again at once. */
  disconnect(reconnect?: boolean): void
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'ready', listener: () => void): unknown
  /** Only of a cluster. */
  nodes?(role: 'master'): RedisClient[]
}

/** The options that we pass on; ioredis knows many more. */
export type ClientOptions = Readonly<Record<string, unknown>>

export interface RedisDriver {
  readonly Redis: new (options: ClientOptions) => RedisClient
  readonly Cluster: new (
    nodes: readonly { host: string; port: number }[],
    options: ClientOptions,
  ) => RedisClient
}

/** The command that adds the driver. */
export const installCommand = 'npm install ioredis@5'

/** Throws CT_MISSING_DRIVER, or CT_BAD_DRIVER for one that does not load. Tests give their own places. */
export function loadDriver(requires: readonly RequireFrom[] = defaultRequires()): RedisDriver {
  const more = { hint: `Run: ${installCommand}`, details: { command: installCommand } }
  let found: unknown
  try {
    found = packageFrom('ioredis', requires)
  } catch (cause) {
    throw new CarbontubeError('CT_BAD_DRIVER', 'ioredis does not load', { ...more, cause })
  }
  if (found === undefined) {
    const message = 'the Redis store needs ioredis, and it is not installed'
    throw new CarbontubeError('CT_MISSING_DRIVER', message, more)
  }
  const { Redis, Cluster } = found as Partial<RedisDriver>
  if (Redis === undefined || Cluster === undefined) {
    throw new CarbontubeError('CT_BAD_DRIVER', 'this ioredis is too old', more)
  }
  return { Redis, Cluster }
}

/** The user's project first: a globally installed carbontube does not see its packages. */
function defaultRequires(): RequireFrom[] {
  return [createRequire(join(process.cwd(), 'package.json')), createRequire(import.meta.url)]
}

/**
 * The seam to `pg`, which the user installs: the few things that this store asks of it. The types are ours,
 * so that nobody needs @types/pg to compile against this package.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { CarbontubeError } from '../../errors/errors.ts'
import { packageFrom } from '../driver-package.ts'

export type PgValue =
  string | number | boolean | Uint8Array | readonly (string | number | null)[] | null

/** What a column arrives as, by `pgTypes`. */
export type PgCell = string | number | boolean | Uint8Array | null
export type PgRow = readonly PgCell[]

export interface PgQuery {
  readonly text: string
  /** Prepared under this name, once per connection. */
  readonly name?: string
  readonly values?: readonly PgValue[]
  readonly rowMode: 'array'
  readonly types: { readonly getTypeParser: (oid: number) => (text: string) => PgCell }
}

/** One connection of `pg`. */
export interface PgClient {
  readonly host: string
  readonly port: number
  readonly database: string | undefined
  connect(): Promise<unknown>
  query(
    query: PgQuery,
  ): Promise<{ readonly rows: readonly PgRow[]; readonly rowCount: number | null }>
  end(): Promise<void>
  on(event: 'error' | 'end', listener: (error?: Error) => void): unknown
  readonly connection: { readonly stream: { destroy(): unknown } }
}

/** What a connection is made with. */
export interface PgClientConfig {
  readonly connectionString?: string
  readonly application_name: string
  readonly connectionTimeoutMillis: number
  readonly keepAlive: boolean
}

export interface PgLibrary {
  readonly Client: new (config: PgClientConfig) => PgClient
}

/** The command that adds the driver. */
const installCommand = 'npm install pg@8'

/** Throws CT_MISSING_DRIVER, or CT_BAD_DRIVER when what is installed does not load. Tests give their own places. */
export function loadDriver(places: readonly ((id: string) => unknown)[] = ourPlaces()): PgLibrary {
  const hint = `Run: ${installCommand}`
  let found: unknown
  try {
    found = packageFrom('pg', places)
  } catch (cause) {
    const message = `pg does not load on Node ${process.versions.node}`
    throw new CarbontubeError('CT_BAD_DRIVER', message, { hint, cause })
  }
  if (found !== undefined) return found as PgLibrary
  throw new CarbontubeError(
    'CT_MISSING_DRIVER',
    'the Postgres store needs the package pg, and it is not installed',
    { hint, details: { command: installCommand } },
  )
}

function ourPlaces(): NodeJS.Require[] {
  // The user's project first: a globally installed carbontube does not see its packages.
  return [createRequire(join(process.cwd(), 'package.json')), createRequire(import.meta.url)]
}

const asNumber = (text: string): PgCell => Number(text)
const asText = (text: string): PgCell => text
const parsers = new Map<number, (text: string) => PgCell>([
  [16, (text) => text === 't'],
  // bytea, as the session asks for it: `\x` and hexadecimal digits.
  [17, (text) => Buffer.from(text.slice(2), 'hex')],
  // bigint, smallint, integer: none of our columns leaves the safe range of a number.
  [20, asNumber],
  [21, asNumber],
  [23, asNumber],
])

/** Given with every query: the parsers of `pg` are global, and belong to the user's own queries. */
export const pgTypes = { getTypeParser: (oid: number) => parsers.get(oid) ?? asText }

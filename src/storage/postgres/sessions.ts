/** What a session is set to, and what the server then promises. */
import type { Durability } from '../contract.ts'
import type { Session } from './connection.ts'
import { textOf } from './rows.ts'

/** When a commit is acknowledged; `server` leaves it as the server, the database or the role has it. */
export type SynchronousCommit = 'on' | 'remote_apply' | 'remote_write' | 'local' | 'off' | 'server'

const everySession = [
  // Against what a role or a database may be set to.
  `SET client_encoding = 'UTF8'`,
  `SET default_transaction_isolation = 'read committed'`,
  `SET bytea_output = hex`,
  // Whoever forgets us must not keep the row of a shard.
  `SET idle_in_transaction_session_timeout = '10s'`,
  `SET lock_timeout = '10s'`,
  `SET jit = off`,
]

/**
 * The owner's statements all follow an index. Without statistics, as they are after the first hundred
 * thousand jobs, the planner would read the table instead, and keep to it.
 */
export function ownerSession(synchronousCommit: SynchronousCommit): string[] {
  const forbidden = ['seqscan', 'bitmapscan', 'sort', 'hashjoin', 'mergejoin']
  return [
    ...everySession,
    'SET statement_timeout = 0',
    ...forbidden.map((name) => `SET enable_${name} = off`),
    ...(synchronousCommit === 'server' ? [] : [`SET synchronous_commit = ${synchronousCommit}`]),
  ]
}

/** Reads, and retention: a removal that is lost in a crash is made again. */
export const peopleSession = [
  ...everySession,
  `SET statement_timeout = '30s'`,
  `SET synchronous_commit = off`,
]

/** The collation of no language in particular. */
export const icu = 'und-x-icu'

/** What the server says of itself. */
export interface ServerFacts {
  readonly version: string
  readonly durability: Durability
  /** The settings that lower the durability: `fsync is off`. */
  readonly lowered: readonly string[]
  /** It takes no writes: a standby, or a role that may only read. */
  readonly isReadOnly: boolean
  /** It knows upper and lower case beyond ASCII, whatever the locale of the database. */
  readonly hasIcu: boolean
}

export async function serverFacts(session: Session): Promise<ServerFacts> {
  const names = ['server_version', 'fsync', 'full_page_writes', 'synchronous_commit']
  const settings = [...names, 'synchronous_standby_names', 'transaction_read_only'].map(
    (name) => `current_setting('${name}')`,
  )
  const [row] = await session.rows(
    `SELECT ${settings.join(', ')}, to_regcollation('pg_catalog."${icu}"') IS NOT NULL`,
  )
  const [version = '', fsync, pages, commit, standbys, readOnly] = (row ?? []).map((cell) =>
    textOf(cell),
  )
  const hasIcu = row?.at(-1) === true
  const lowered = [
    ...(fsync === 'off' ? ['fsync is off'] : []),
    ...(pages === 'off' ? ['full_page_writes is off'] : []),
    ...(commit === 'off' ? ['synchronous_commit is off'] : []),
  ]
  // Acknowledged before it is written: a server that is killed loses it. The others lose it with the power.
  const lowest = commit === 'off' ? 'D0' : 'D1'
  const isReplicated = standbys !== '' && (commit === 'on' || commit === 'remote_apply')
  const durability = lowered.length > 0 ? lowest : isReplicated ? 'D3' : 'D2'
  return {
    version: version.split(' ')[0] ?? '',
    durability,
    lowered,
    hasIcu,
    isReadOnly: readOnly === 'on',
  }
}

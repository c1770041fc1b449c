/**
 * What the servers say of themselves, and what may be promised with them: how durable, and whether it is
 * fit for a store at all. Asked when the store is opened, and again while it is: settings may change.
 */
import { CarbontubeError } from '../../errors/errors.ts'
import type { Durability } from '../contract.ts'
import { storeFailed } from '../storage-errors.ts'
import type { RedisAddress } from './address.ts'
import type { RedisArgument } from './driver.ts'
import { explained, failureOf } from './failures.ts'
import { isList, textOf } from './records.ts'

/**
 * How a server writes its log of commands: `lazyAlways` does not flush while another process rewrites the
 * log, `unknown` is where CONFIG is forbidden.
 */
type LogPolicy = 'off' | 'everysec' | 'always' | 'lazyAlways' | 'no' | 'unknown'

export interface ServerFacts {
  readonly version: string
  readonly log: LogPolicy
  readonly durability: Durability
}

/** A server that can be asked. */
export interface Server {
  callBuffer(command: string, args: readonly RedisArgument[]): Promise<unknown>
}

/** Throws CT_STORE_FAILED with what to change, and what the connection throws. */
export async function factsOf(
  servers: readonly Server[],
  { where, isCluster }: Pick<RedisAddress, 'where' | 'isCluster'>,
): Promise<ServerFacts> {
  const all = await Promise.all(servers.map((server) => oneServer(server, where)))
  for (const { version, role } of all) {
    refuseOld(version, where)
    refuseReplica(role, where)
  }
  if (!isCluster && all.some(({ mode }) => mode === 'cluster')) {
    throw unfit(where, 'this server is a node of a cluster', {
      hint: 'Give the addresses of some nodes as `cluster`.',
    })
  }
  return weakestOf(all, where)
}

/**
 * Of servers that were fit when the store was opened: for a moment one may be a replica now, and none there.
 * Throws CT_STORE_FOREIGN when one throws keys away by now, and what the connection throws.
 */
export async function factsAgain(servers: readonly Server[], where: string): Promise<ServerFacts> {
  return weakestOf(await Promise.all(servers.map((server) => oneServer(server, where))), where)
}

function weakestOf<F extends ServerFacts>(all: readonly F[], where: string): F {
  const [weakest] = all.toSorted((a, b) => a.durability.localeCompare(b.durability))
  if (weakest === undefined) throw storeFailed(where, 'the cluster has no master')
  return weakest
}

/** For people: `AOF always`. */
export function logWords(log: LogPolicy): string {
  if (log === 'lazyAlways') return 'AOF always, not during a rewrite'
  if (log === 'unknown') return 'AOF unknown (CONFIG is forbidden)'
  return log === 'off' ? 'no AOF' : `AOF ${log}`
}

interface OneServer extends ServerFacts {
  readonly role: string | undefined
  readonly mode: string | undefined
}

async function oneServer(server: Server, where: string): Promise<OneServer> {
  const info = infoOf(textOf((await server.callBuffer('info', [])) as Uint8Array))
  const config = await configOf(server, where)
  const version = info.get('redis_version') ?? '0'
  refuseEviction(config?.get('maxmemory-policy') ?? info.get('maxmemory_policy'), info, where)
  const log = logPolicyOf(info, config)
  const [role, mode] = [info.get('role'), info.get('redis_mode')]
  return { version, log, durability: durabilityOf(log), role, mode }
}

/**
 * `always` survives a power cut of this server; that another one takes over is another matter: never D3.
 * `everysec` is less than D1: while a flush is slow, the server holds its writes back and answers all the
 * same. Killed in that moment it loses what it has answered (docs/decisions/0008-redis.md).
 */
function durabilityOf(log: LogPolicy): Durability {
  if (log === 'lazyAlways') return 'D1'
  return log === 'always' ? 'D2' : 'D0'
}

function logPolicyOf(
  info: ReadonlyMap<string, string>,
  config: ReadonlyMap<string, string> | undefined,
): LogPolicy {
  if (info.get('aof_enabled') !== '1') return 'off'
  const policy = config?.get('appendfsync')
  if (policy === 'always' && config?.get('no-appendfsync-on-rewrite') === 'yes') return 'lazyAlways'
  return policy === 'always' || policy === 'everysec' || policy === 'no' ? policy : 'unknown'
}

/** `undefined` where CONFIG is forbidden or renamed, as with most providers. */
async function configOf(server: Server, where: string): Promise<Map<string, string> | undefined> {
  try {
    const values = new Map<string, string>()
    // One name at a time: several in one command came with Redis 7.
    for (const name of ['appendfsync', 'no-appendfsync-on-rewrite', 'maxmemory-policy']) {
      const reply = (await server.callBuffer('config', ['GET', name])) as Parameters<
        typeof textOf
      >[0]
      if (isList(reply)) values.set(name, textOf(reply[1]))
    }
    return values
  } catch (error) {
    if (failureOf(error) === 'transient') throw error
    const isForbidden = failureOf(error) === 'denied' || /unknown command/i.test(String(error))
    if (isForbidden) return undefined
    throw explained(error, where)
  }
}

function infoOf(text: string): Map<string, string> {
  const lines = text.split('\r\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1)]
    }),
  )
}

function refuseOld(version: string, where: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 6 || (major === 6 && minor >= 2)) return
  throw unfit(where, `this is Redis ${version}, and 6.2 is the oldest that will do`, {
    hint: 'Use a newer server.',
  })
}

function refuseReplica(role: string | undefined, where: string): void {
  if (role === undefined || role === 'master') return
  throw unfit(where, `this server is a ${role}, not a master`, {
    hint: 'Give the address of the master, or `sentinels`.',
  })
}

function refuseEviction(
  policy: string | undefined,
  info: ReadonlyMap<string, string>,
  where: string,
): void {
  const isBounded = Number(info.get('maxmemory') ?? 0) > 0
  if (!isBounded || policy === undefined || policy === 'noeviction') return
  const command = 'CONFIG SET maxmemory-policy noeviction'
  throw unfit(
    where,
    `with maxmemory-policy ${policy} it throws jobs away when its memory is full`,
    {
      hint: `Run: ${command}`,
      details: { command },
    },
  )
}

function unfit(
  where: string,
  why: string,
  more: { hint: string; details?: Record<string, unknown> },
): CarbontubeError {
  return new CarbontubeError('CT_STORE_FOREIGN', `${where}: ${why}; nothing was changed`, more)
}

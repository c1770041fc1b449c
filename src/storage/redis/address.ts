/**
 * Where the servers are: one by its URI, a master that Sentinels name, or a cluster. Makes the clients.
 * Passwords stay in here: `where` is what people are shown.
 */
import { CarbontubeError } from '../../errors/errors.ts'
import type { ClientOptions, RedisClient, RedisDriver } from './driver.ts'

/** The part of the options of a store that says where its data is. */
export interface RedisAddressOptions {
  /**
   * `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. Default `redis://127.0.0.1:6379`.
   * With `sentinels` or `cluster` only its user, password, database and TLS count.
   */
  readonly redisUri?: string
  /** Sentinels as `host:port`, and the name under which they know the master. */
  readonly sentinels?: { readonly name: string; readonly addresses: readonly string[] }
  /** Some nodes of a cluster, as `host:port`. */
  readonly cluster?: readonly string[]
  /** Used instead of the one in the URI, which then need not be in it. */
  readonly username?: string
  /** Likewise. */
  readonly password?: string
}

/** What clients are made from. */
export interface RedisAddress {
  /** For people: `127.0.0.1:6379`, `mymaster by Sentinel`, `cluster of 10.0.0.1:6379`. */
  readonly where: string
  readonly isCluster: boolean
  /** To be chosen on each connection; `undefined`: the first. */
  readonly database: number | undefined
  /** A client that is not connected yet. `name` shows in CLIENT LIST. */
  client(driver: RedisDriver, name: string): RedisClient
}

/** Milliseconds until a command without an answer counts as lost: less than the lease of an owner. */
export const commandTimeoutMs = 5_000

const connectTimeoutMs = 3_000
const reconnectDelayMsMax = 1_000

/**
 * An unanswered command is never sent again behind our back: whether it was done is for the caller to
 * find out. So nothing is queued while there is no connection, and all that waits fails with it
 * (`maxRetriesPerRequest: 0`; without it ioredis would leave such commands without an answer for ever).
 */
const careful: ClientOptions = {
  lazyConnect: true,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  commandTimeout: commandTimeoutMs,
  connectTimeout: connectTimeoutMs,
  keepAlive: 5_000,
  // The master has become a replica: ask anew who is master.
  reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? 1 : false),
}

const reconnectDelayMs = (times: number): number => Math.min(20 * 2 ** times, reconnectDelayMsMax)

/** Throws CT_BAD_OPTION. */
export function addressOf(options: RedisAddressOptions): RedisAddress {
  const uri = parsed(options.redisUri ?? 'redis://127.0.0.1:6379')
  const common: ClientOptions = { ...careful, ...uri.access, ...accessOf(options) }
  if (options.cluster !== undefined && options.sentinels !== undefined) {
    throw new CarbontubeError('CT_BAD_OPTION', 'give either `sentinels` or `cluster`, not both')
  }
  if (options.cluster !== undefined) return clusterOf(options.cluster, common)
  const database = uri.access['db'] as number | undefined
  if (options.sentinels !== undefined) return sentinelsOf(options.sentinels, common, database)
  const { host, port } = uri
  return {
    where: `${host.includes(':') ? `[${host}]` : host}:${port}${database === undefined ? '' : `/${database}`}`,
    isCluster: false,
    database,
    client: ({ Redis }, connectionName) =>
      new Redis({ ...common, host, port, connectionName, retryStrategy: reconnectDelayMs }),
  }
}

function sentinelsOf(
  { name, addresses }: NonNullable<RedisAddressOptions['sentinels']>,
  common: ClientOptions,
  database: number | undefined,
): RedisAddress {
  const sentinels = nonEmpty(addresses, 'sentinels.addresses').map(hostAndPort)
  const retries = { retryStrategy: reconnectDelayMs, sentinelRetryStrategy: reconnectDelayMs }
  // A master without its replicas may have been deposed: ask anew who is master.
  const reconnectOnError = (error: Error) =>
    /^(READONLY|NOREPLICAS)/.test(error.message) ? 1 : false
  return {
    where: `${name} by Sentinel`,
    isCluster: false,
    database,
    client: ({ Redis }, connectionName) =>
      new Redis({ ...common, ...retries, reconnectOnError, sentinels, name, connectionName }),
  }
}

function clusterOf(addresses: readonly string[], common: ClientOptions): RedisAddress {
  const nodes = nonEmpty(addresses, 'cluster').map(hostAndPort)
  const { lazyConnect, enableOfflineQueue, ...redisOptions } = common
  return {
    where: `cluster of ${addresses.join(', ')}`,
    isCluster: true,
    database: undefined,
    client: ({ Cluster }, connectionName) =>
      new Cluster(nodes, {
        ...{ lazyConnect, enableOfflineQueue },
        clusterRetryStrategy: reconnectDelayMs,
        // A command whose connection broke is not sent again by ioredis, see above.
        retryDelayOnFailover: 0,
        slotsRefreshInterval: 1_000,
        redisOptions: { ...redisOptions, connectionName },
      }),
  }
}

function accessOf({ username, password }: RedisAddressOptions): ClientOptions {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  }
}

function parsed(uri: string): { host: string; port: number; access: ClientOptions } {
  let url: URL
  try {
    url = new URL(uri)
  } catch {
    throw badUri()
  }
  const { protocol, hostname, port, username, password, pathname } = url
  const db = /^\/?(\d*)$/.exec(pathname)?.[1]
  if (!/^rediss?:$/.test(protocol) || hostname === '' || db === undefined) throw badUri()
  const access: ClientOptions = {
    ...(username === '' ? {} : { username: decoded(username) }),
    ...(password === '' ? {} : { password: decoded(password) }),
    ...(db === '' ? {} : { db: Number(db) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  }
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return { host, port: port === '' ? 6_379 : Number(port), access }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw badUri()
  }
}

/** Without the value: a password may be in it. */
function badUri(): CarbontubeError {
  return new CarbontubeError('CT_BAD_OPTION', 'redisUri is not of the form redis://host:port')
}

function hostAndPort(address: string): { host: string; port: number } {
  const [, host, port] = /^\[?([^\s[\]@/]+?)\]?:(\d{1,5})$/.exec(address) ?? []
  if (host === undefined) {
    throw new CarbontubeError('CT_BAD_OPTION', 'an address of Redis is not of the form host:port')
  }
  return { host, port: Number(port) }
}

function nonEmpty<T>(list: readonly T[], name: string): readonly T[] {
  if (list.length > 0) return list
  throw new CarbontubeError('CT_BAD_OPTION', `${name} is empty`)
}

/**
 * Sets of Redis servers in which a replica takes over when a master dies: behind Sentinels, or in a cluster.
 * Replicas log in as a user of their own, so that a test can cut them off while everybody else goes on.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { until } from '../wait.ts'
import { freePort } from './free-port.ts'
import { RedisServer, type RedisServerOptions } from './redis-server.ts'

const follower = { user: 'follower', password: 'follows' }
const followerArgs = [
  ...['--user', follower.user, 'on', `>${follower.password}`, '~*', '&*', '+@all'],
  ...['--masteruser', follower.user, '--masterauth', follower.password],
]

/** One command on a connection of its own. */
export async function ask(
  { port }: Pick<RedisServer, 'port'>,
  ...command: [string, ...(string | number)[]]
): Promise<unknown> {
  const client = new Redis(port, '127.0.0.1')
  // An end of the server shows in the command.
  client.on('error', () => {})
  try {
    const [name, ...args] = command
    return await client.call(name, ...args)
  } finally {
    client.disconnect()
  }
}

async function says(server: RedisServer, part: string, ...command: [string, ...string[]]) {
  const what = `the server at ${server.port} says ${part}`
  const has = async () => String(await ask(server, ...command)).includes(part)
  await until(has, { what, timeoutMs: 20_000 })
}

/** Nothing that is written from now on reaches a replica of this master. */
export async function cutReplicas(master: RedisServer): Promise<void> {
  await ask(master, 'ACL', 'SETUSER', follower.user, 'off')
  await ask(master, 'CLIENT', 'KILL', 'USER', follower.user)
  await says(master, 'connected_slaves:0', 'INFO', 'replication')
}

/** A master that was killed comes back, and learns that it has a successor; what only it had is gone. */
export async function comesBack(master: RedisServer): Promise<void> {
  await master.restart()
  await becomesReplica(master)
}

export async function becomesReplica(master: RedisServer): Promise<void> {
  await says(master, 'role:slave', 'INFO', 'replication')
}

class ServerSet {
  readonly #servers: RedisServer[] = []

  async stop(): Promise<void> {
    for (const server of this.#servers.splice(0).toReversed()) await server.stop()
  }

  protected async add(options: RedisServerOptions, port?: number): Promise<RedisServer> {
    const server = await RedisServer.start(options, port)
    this.#servers.push(server)
    return server
  }
}

interface SentinelOptions {
  readonly sentinels: number
  /** Default 1. */
  readonly replicas?: number
  /** More of the command line of the master and its replicas. */
  readonly args?: readonly string[]
}

export class SentinelSet extends ServerSet {
  static readonly masterName = 'mymaster'
  readonly replicas: RedisServer[] = []
  readonly sentinels: RedisServer[] = []
  #master: RedisServer | undefined

  /** A master, replicas that follow it, and Sentinels that know all of them. */
  static async start(options: SentinelOptions): Promise<SentinelSet> {
    const set = new SentinelSet()
    try {
      await set.#start(options)
      return set
    } catch (error) {
      await set.stop()
      throw error
    }
  }

  /** The first one. */
  get master(): RedisServer {
    if (this.#master === undefined) throw new Error('the servers have not been started')
    return this.#master
  }

  get addresses(): string[] {
    return this.sentinels.map(({ address }) => address)
  }

  /** One of the replicas is master. */
  async promoted(): Promise<void> {
    await Promise.any(
      this.replicas.map((replica) => says(replica, 'role:master', 'INFO', 'replication')),
    )
  }

  async #start({ sentinels, replicas = 1, args: more = [] }: SentinelOptions): Promise<void> {
    const args = [...followerArgs, ...more]
    const master = await this.add({ args })
    this.#master = master
    const replicaArgs = [...args, '--replicaof', '127.0.0.1', String(master.port)]
    while (this.replicas.length < replicas) {
      this.replicas.push(await this.add({ args: replicaArgs }))
    }
    for (const replica of this.replicas) {
      await says(replica, 'master_link_status:up', 'INFO', 'replication')
    }
    const quorum = Math.floor(sentinels / 2) + 1
    while (this.sentinels.length < sentinels) {
      this.sentinels.push(await this.#sentinel(quorum))
    }
    const all = `slaves=${replicas},sentinels=${sentinels}`
    for (const sentinel of this.sentinels) await says(sentinel, all, 'INFO', 'sentinel')
  }

  async #sentinel(quorum: number): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), 'carbontube-sentinel-'))
    const sentinelFile = join(folder, 'sentinel.conf')
    const name = SentinelSet.masterName
    const lines = [
      `sentinel monitor ${name} 127.0.0.1 ${this.master.port} ${quorum}`,
      `sentinel down-after-milliseconds ${name} 1000`,
      `sentinel failover-timeout ${name} 5000`,
    ]
    writeFileSync(sentinelFile, `${lines.join('\n')}\n`)
    return await this.add({ folder, sentinelFile }, await freePort())
  }
}

export class RedisCluster extends ServerSet {
  readonly masters: RedisServer[] = []

  /** Three masters without replicas. */
  static async start(log: RedisServerOptions['log'] = 'always'): Promise<RedisCluster> {
    const cluster = new RedisCluster()
    try {
      await cluster.#start(log)
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  get addresses(): string[] {
    return this.masters.map(({ address }) => address)
  }

  async addReplica(master: RedisServer): Promise<RedisServer> {
    const replica = await this.add({ args: this.#args })
    const id = String(await ask(master, 'CLUSTER', 'MYID'))
    const more = ['--cluster-slave', '--cluster-master-id', id]
    await redisCli('--cluster', 'add-node', replica.address, master.address, ...more)
    await says(replica, 'master_link_status:up', 'INFO', 'replication')
    return replica
  }

  /** Who has the slot of a key, and another one. */
  async whoHas(key: string): Promise<{ slot: number; source: RedisServer; target: RedisServer }> {
    const [first] = this.masters
    if (first === undefined) throw new Error('the cluster has not been started')
    const slot = Number(await ask(first, 'CLUSTER', 'KEYSLOT', key))
    const ranges = (await ask(first, 'CLUSTER', 'SLOTS')) as [number, number, [string, number]][]
    const [, , node] = ranges.find(([from, to]) => from <= slot && slot <= to) ?? []
    const source = this.masters.find(({ port }) => port === node?.[1])
    const target = this.masters.find((one) => one !== source)
    if (source === undefined || target === undefined) throw new Error(`nobody has slot ${slot}`)
    return { slot, source, target }
  }

  /** Key by key, as `redis-cli --cluster reshard` does it; `halfway` is done between two keys. */
  async moveSlot(
    { slot, source, target }: { slot: number; source: RedisServer; target: RedisServer },
    halfway: () => Promise<void>,
  ): Promise<void> {
    const idOf = async (node: RedisServer) => String(await ask(node, 'CLUSTER', 'MYID'))
    const [from, to] = [await idOf(source), await idOf(target)]
    await ask(target, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', from)
    await ask(source, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', to)
    for (let moved = 0; ; moved += 1) {
      const keys = (await ask(source, 'CLUSTER', 'GETKEYSINSLOT', slot, 1)) as string[]
      const [key] = keys
      if (key === undefined) break
      await ask(source, 'MIGRATE', '127.0.0.1', target.port, key, 0, 5_000)
      if (moved === 2) await halfway()
    }
    await ask(target, 'CLUSTER', 'SETSLOT', slot, 'NODE', to)
    await ask(source, 'CLUSTER', 'SETSLOT', slot, 'NODE', to)
  }

  async promoted(replica: RedisServer): Promise<void> {
    await says(replica, 'role:master', 'INFO', 'replication')
    await says(replica, 'cluster_state:ok', 'CLUSTER', 'INFO')
  }

  async #start(log: RedisServerOptions['log']): Promise<void> {
    while (this.masters.length < 3) {
      this.masters.push(await this.add({ ...(log && { log }), args: this.#args }))
    }
    await redisCli('--cluster', 'create', ...this.addresses, '--cluster-yes')
    for (const node of this.masters) await says(node, 'cluster_state:ok', 'CLUSTER', 'INFO')
  }

  get #args(): string[] {
    return [...followerArgs, '--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']
  }
}

async function redisCli(...args: string[]): Promise<void> {
  await promisify(execFile)('redis-cli', args)
}

/**
 * The stores that a benchmark may run on. Redis and Postgres are servers of its own, those that the tests
 * start: on free ports, in temporary folders, with what they acknowledge on the disk.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createJiti } from 'jiti'

// Node 20 does not read TypeScript.
const jiti = createJiti(import.meta.url)

/**
 * By name: what opens a store for a pipeline that runs in `folder`. An open one knows `durability` in words,
 * `env` for the pipeline's processes, its size on the disk, and how to `close`.
 */
export const stores = {
  sqlite: openSqlite,
  redis: () => openRedis('always'),
  'redis-everysec': () => openRedis('everysec'),
  postgres: openPostgres,
}

export async function openStore(name, folder) {
  if (!Object.hasOwn(stores, name)) {
    throw new Error(`there is no store ${name}: one of ${Object.keys(stores).join(', ')}`)
  }
  return await stores[name](folder)
}

function openSqlite(folder) {
  const files = () => bytesIn(join(folder, '.carbontube'), /\.db(-wal)?$/)
  return {
    durability: 'SQLite with fsync before ack',
    env: {},
    sizeMiB: async () => inMiB(files()),
    close: async () => {},
  }
}

/** `log` is `always` or `everysec`; the peers have theirs from here as well. */
export async function redisServer(log) {
  const { RedisServer } = await jiti.import('../test/servers/redis-server.ts')
  return await RedisServer.start({ log })
}

export async function postgresServer() {
  const { PostgresServer } = await jiti.import('../test/servers/postgres-server.ts')
  return await PostgresServer.start()
}

async function openRedis(log) {
  const server = await redisServer(log)
  return {
    durability: `Redis, appendfsync ${log}`,
    env: { BENCH_STORE: server.uri },
    /** The log only; what it has in memory is more. */
    sizeMiB: async () => inMiB(bytesIn(server.folder, /\.(aof|rdb)$/)),
    close: () => server.stop(),
  }
}

async function openPostgres() {
  const server = await postgresServer()
  return {
    durability: 'Postgres, synchronous_commit on',
    env: { BENCH_STORE: server.url() },
    sizeMiB: async () => {
      const [row] = await server.query(
        `SELECT pg_total_relation_size('carbontube.job')::float8 AS bytes`,
      )
      return inMiB(row.bytes)
    },
    close: () => server.stop(),
  }
}

function bytesIn(folder, names) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => names.test(name))
  return files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

function inMiB(bytes) {
  return Math.round(bytes / 1_024 / 1_024)
}

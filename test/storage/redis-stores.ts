/** Redis stores and servers of a test: what it opens ends with it. */
import { Redis } from 'ioredis'
import { RedisStorageBackend } from '../../src/storage/redis/redis-storage.ts'
import type { RedisStorageOptions } from '../../src/storage/redis/redis-storage.ts'
import { suitePipeline } from '../../src/testing/storage-suite.ts'
import { RedisServer } from '../servers/redis-server.ts'

/** What there is to end after a test, newest first. */
export const ending: (() => Promise<void>)[] = []

/** For `afterEach`. */
export async function endAll(): Promise<void> {
  for (const end of ending.splice(0).toReversed()) await end()
}

export async function open(options: RedisStorageOptions): Promise<RedisStorageBackend> {
  const store = new RedisStorageBackend(suitePipeline, options)
  ending.push(() => store.close())
  await store.open()
  return store
}

export async function aServer(
  ...options: Parameters<typeof RedisServer.start>
): Promise<RedisServer> {
  const server = await RedisServer.start(...options)
  ending.push(() => server.stop())
  return server
}

/** Says a command to the server as an operator would. */
export async function say(
  server: RedisServer,
  ...command: [string, ...string[]]
): Promise<unknown> {
  const client = new Redis(server.port, '127.0.0.1')
  const answer = await client.call(...command)
  client.disconnect()
  return answer
}

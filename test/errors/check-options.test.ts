/** Options that a pipeline's file gives wrongly, as it may: it runs without a look at its types. */
import { describe, expect, it } from 'vitest'
import { PipelineClient } from '../../src/client/pipeline-client.ts'
import { EphemeralStorageBackend } from '../../src/storage/memory/memory-storage.ts'
import { PostgresStorageBackend } from '../../src/storage/postgres/postgres-storage.ts'
import { RedisStorageBackend } from '../../src/storage/redis/redis-storage.ts'
import { SqliteStorageBackend } from '../../src/storage/sqlite/sqlite-storage.ts'

const made = {
  sqlite: (options: unknown) => new SqliteStorageBackend('p', options as object),
  redis: (options: unknown) => new RedisStorageBackend('p', options as object),
  postgres: (options: unknown) => new PostgresStorageBackend('p', options as object),
  memory: (options: unknown) => new EphemeralStorageBackend('p', options as object),
  client: (options: unknown) => new PipelineClient('tcp://127.0.0.1:1', options as object),
}

describe('options of a class', () => {
  it.each([
    ['sqlite', { file: 'a' }, 'SqliteStorageBackend: option "file", which is not known'],
    ['sqlite', { paht: 'a' }, '"paht", which is not known; did you mean "path"?'],
    ['sqlite', 'a.db', 'SqliteStorageBackend: options are of type string, not an object'],
    ['sqlite', { durability: 'D3' }, 'durability is "D3", not D2 or D1'],
    ['sqlite', { path: new URL('file:///a') }, 'path is of type object, not a text'],
    ['sqlite', { fileBytesMax: '1 GiB' }, 'fileBytesMax is of type string, not a number from 0'],
    ['sqlite', { freeBytesMin: -1 }, 'freeBytesMin is -1, not a number from 0'],
    ['sqlite', { freeBytesMin: NaN }, 'freeBytesMin is NaN, not a number from 0'],
    ['redis', { url: 'redis://cache1' }, 'RedisStorageBackend: option "url", which is not known'],
    ['redis', { constructor: 1 }, 'option "constructor", which is not known'],
    ['redis', { redisUri: 7 }, 'redisUri is 7, not a text'],
    ['postgres', { connectionstring: '' }, 'did you mean "connectionString"?'],
    ['postgres', { synchronousCommit: 'yes' }, 'is "yes", not on or remote_apply or'],
    ['memory', { path: 'a' }, 'EphemeralStorageBackend: option "path", which is not known'],
    ['client', { timout: 5 }, 'PipelineClient: option "timout", which is not known'],
  ] as const)('%s refuses %j', (kind, options, message) => {
    const text = expect.stringContaining(message) as string
    expect(() => made[kind](options)).toThrow(
      expect.objectContaining({ code: 'CT_BAD_OPTION', message: text }) as Error,
    )
  })

  it('shows nothing of an address that was given in the wrong place', () => {
    const secret = 'redis://:secret@cache1'
    for (const options of [secret, { redisUri: [secret] }, { url: secret }]) {
      expect(() => made.redis(options)).toThrow(
        expect.not.objectContaining({
          message: expect.stringContaining('secret') as string,
        }) as Error,
      )
    }
  })

  it.each(['sqlite', 'redis', 'postgres', 'memory', 'client'] as const)(
    '%s takes those that are left open',
    (kind) => {
      expect(() => made[kind]({})).not.toThrow()
      expect(() =>
        made[kind](kind === 'client' ? { timeout: undefined } : { nowMs: undefined }),
      ).not.toThrow()
    },
  )
})

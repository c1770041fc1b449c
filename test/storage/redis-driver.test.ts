import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { RedisStorageBackend } from '../../src/storage/redis/redis-storage.ts'
import { addressOf } from '../../src/storage/redis/address.ts'
import { loadDriver, type ClientOptions } from '../../src/storage/redis/driver.ts'
import { explained, failureOf } from '../../src/storage/redis/failures.ts'
import { factsOf } from '../../src/storage/redis/server-facts.ts'

const here = createRequire(import.meta.url)

/** A place without the package. */
function nowhere(id: string): unknown {
  throw Object.assign(new Error(`Cannot find module '${id}'`), { code: 'MODULE_NOT_FOUND' })
}

describe('the driver of the Redis store', () => {
  it('is looked for in one place after the other', () => {
    expect(loadDriver([nowhere, here]).Redis).toBeTypeOf('function')
  })

  it('names the one command that adds it when it is missing', () => {
    const command = 'npm install ioredis@5'
    expect(() => loadDriver([nowhere, nowhere])).toThrow(
      expect.objectContaining({
        code: 'CT_MISSING_DRIVER',
        hint: `Run: ${command}`,
        details: { command },
      }),
    )
  })

  it('is told apart from one that does not load', () => {
    const broken = (): unknown => {
      throw Object.assign(new Error(`Cannot find module 'denque'`), { code: 'MODULE_NOT_FOUND' })
    }
    for (const place of [broken, () => ({})]) {
      expect(() => loadDriver([place])).toThrow(expect.objectContaining({ code: 'CT_BAD_DRIVER' }))
    }
  })
})

describe('the options of the Redis store', () => {
  it('are refused at once when they make no sense', () => {
    const wrong = [
      { redisUri: 'http://127.0.0.1' },
      { redisUri: 'redis://127.0.0.1/zero' },
      { redisUri: 'redis://:100%@127.0.0.1' },
      { prefix: 'a{b}' },
      { prefix: '' },
      { cluster: [] },
      { cluster: ['nonsense'] },
      { sentinels: { name: 'mymaster', addresses: ['a:b'] } },
      { cluster: ['a:1'], sentinels: { name: 'mymaster', addresses: ['a:1'] } },
    ]
    for (const options of wrong) {
      const make = (): unknown => new RedisStorageBackend('x', options)
      expect(make).toThrow(expect.objectContaining({ code: 'CT_BAD_OPTION' }))
    }
  })

  it('let a client of Sentinels ask anew when the master has been deposed, or may have been', () => {
    let options: ClientOptions = {}
    const address = addressOf({ sentinels: { name: 'mymaster', addresses: ['a:1'] } })
    class Redis {
      constructor(given: ClientOptions) {
        options = given
      }
    }
    address.client({ ...loadDriver([here]), Redis: Redis as never }, 'name')
    const reconnectsOn = options['reconnectOnError'] as (error: Error) => unknown
    for (const [text, answer] of [
      ['READONLY You cannot write against a read only replica.', 1],
      ['NOREPLICAS Not enough good replicas to write.', 1],
      ['OOM command not allowed', false],
    ] as const) {
      expect(reconnectsOn(new Error(text))).toBe(answer)
    }
  })

  it('say where the data is, without a password', () => {
    const describe = (options: object): string =>
      new RedisStorageBackend('x', options).info().description
    expect(describe({})).toBe('Redis at 127.0.0.1:6379')
    expect(describe({ redisUri: 'rediss://me:pw@[::1]:7000/2' })).toBe('Redis at [::1]:7000/2')
    expect(describe({ cluster: ['a:1', 'b:2'] })).toBe('Redis at cluster of a:1, b:2')
    const sentinels = { name: 'mymaster', addresses: ['a:1'] }
    expect(describe({ sentinels })).toBe('Redis at mymaster by Sentinel')
  })
})

describe('the server of a Redis store', () => {
  const server = (info: string) => ({
    callBuffer: async (command: string) => Buffer.from(command === 'info' ? info : ''),
  })
  const facts = (...lines: string[]) =>
    factsOf([server(lines.join('\r\n'))], { where: 'here', isCluster: false })

  it('is Redis 6.2 or newer', async () => {
    await expect(facts('redis_version:6.0.16')).rejects.toMatchObject({
      code: 'CT_STORE_FOREIGN',
      message: expect.stringContaining('6.2 is the oldest') as string,
    })
    expect(await facts('redis_version:6.2.0', 'aof_enabled:0')).toMatchObject({ version: '6.2.0' })
  })

  it('is not a Sentinel, which somebody has given in place of the master', async () => {
    const sentinel = facts('redis_version:7.0.15', 'redis_mode:sentinel', 'role:sentinel')
    await expect(sentinel).rejects.toMatchObject({ code: 'CT_STORE_FOREIGN' })
  })
})

describe('an error of Redis', () => {
  it.each([
    [`OOM command not allowed when used memory > 'maxmemory'.`, 'full'],
    ['ERR Error running script (call to f_1): @user_script:9: -OOM command not allowed', 'full'],
    ['MISCONF Errors writing to the AOF file: No space left on device', 'full'],
    ['LOADING Redis is loading the dataset in memory', 'transient'],
    [`READONLY You can't write against a read only replica.`, 'transient'],
    ['MASTERDOWN Link with MASTER is down', 'transient'],
    ['CLUSTERDOWN The cluster is down', 'transient'],
    ['NOREPLICAS Not enough good replicas to write.', 'transient'],
    ['Connection is closed.', 'transient'],
    ['Command timed out', 'transient'],
    ['connect ECONNREFUSED 127.0.0.1:6379', 'transient'],
    ['read ECONNRESET', 'transient'],
    ['Reached the max retries per request limit (which is 0).', 'transient'],
    [`Stream isn't writeable and enableOfflineQueue options is false`, 'transient'],
    ['NOSCRIPT No matching script.', 'noScript'],
    ['WRONGPASS invalid username-password pair', 'denied'],
    ['NOAUTH Authentication required.', 'denied'],
    ['WRONGTYPE Operation against a key', 'foreign'],
    ['ERR something else', 'other'],
  ])('%s is %s', (message, failure) => {
    expect(failureOf(new Error(message))).toBe(failure)
  })

  it('loses the command that the driver has hung on it', () => {
    const error = Object.assign(new Error('WRONGPASS no'), { command: { args: ['sesame'] } })
    const { cause, message } = explained(error, 'here')
    expect(JSON.stringify([cause, { ...(cause as object) }, message])).not.toContain('sesame')
  })
})

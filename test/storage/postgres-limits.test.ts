/** Postgres after a failover, with settings that promise less, and with no room for another connection. */
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Group, Mutation } from '../../src/core/mutation.ts'
import { aJob, at, completion, inserts, Owner } from '../../src/testing/storage/builders.ts'
import { refuses, shard } from '../../src/testing/storage/builders.ts'
import { noPostgres, PostgresServer } from '../servers/postgres-server.ts'
import { until } from '../wait.ts'
import { PostgresStores } from './postgres-stores.ts'

const reason = noPostgres()
let server: PostgresServer
let stores: PostgresStores

const endSessions = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = 'carbontube'`

describe.skipIf(reason !== undefined)(`Postgres${reason ? ` [skipped: ${reason}]` : ''}`, () => {
  beforeAll(async () => void (server = await PostgresServer.start()))
  afterAll(() => server.stop())
  beforeEach(() => void (stores = new PostgresStores(server)))
  afterEach(() => stores.end())

  describe('an owner', () => {
    it('is not followed by a group that a broken connection brings after later ones', async () => {
      const store = await stores.open()
      const owner = await Owner.of(store)
      const { epoch } = owner
      const late = { id: 'late', number: 1, mutations: [...inserts([aJob(1)]), pause] }
      await store.commit(shard, epoch, late)
      const removal: Mutation = { type: 'remove', job: at(aJob(1)) }
      const mutations = [completion(aJob(1)), removal, { type: 'resume' } as const]
      await store.commit(shard, epoch, { id: 'next', number: 2, mutations })
      await refuses('CT_STORE_FAILED', store.commit(shard, epoch, late))
      expect(await store.getJobs(shard, ['job-1'])).toEqual([])
      expect((await store.summarise(shard)).paused).toEqual([])
      // Numbers begin anew with the next owner.
      await store.release(shard, epoch)
      await (await Owner.of(store, shard, 'second')).insert(aJob(2))
    })

    it('is stopped when the server has lost a group that it had confirmed', async () => {
      const store = await stores.open()
      const owner = await Owner.of(store)
      await owner.insert(aJob(1))
      const earlier = `last_group = 'an earlier one', last_number = 0`
      await server.query(`UPDATE ${stores.schema}.shard SET ${earlier}`)
      await refuses('CT_STORE_FAILED', owner.commit(completion(aJob(1))))
      expect((await store.summarise(shard)).settled.done).toBe(0)
      await (await Owner.of(store)).commit(completion(aJob(1)))
    })

    it('waits while the address leads to a server that takes no writes yet', async () => {
      const store = await stores.open()
      const { epoch } = await Owner.of(store)
      const group: Group = { id: 'g', number: 1, mutations: inserts([aJob(1)]) }
      const readOnly = 'ALTER ROLE carbontube SET default_transaction_read_only'
      await server.query(`${readOnly} = on`)
      await server.query(endSessions)
      try {
        await until(() => refused('CT_OUTCOME_UNKNOWN', store.commit(shard, epoch, group)), {
          what: 'the new session is read-only',
        })
        await refuses('CT_OUTCOME_UNKNOWN', store.commit(shard, epoch, group))
        await refuses('CT_STORE_FAILED', store.renew(shard, epoch, 60_000))
      } finally {
        await server.query(`BEGIN READ WRITE; ${readOnly} = off; COMMIT`)
      }
      await store.commit(shard, epoch, group)
      expect(await store.renew(shard, epoch, 60_000)).toBe(true)
    })
  })

  it('has no more room for connections: the owner goes on, lists come later', async () => {
    const store = await stores.open()
    const owner = await Owner.of(store)
    const others: Client[] = []
    try {
      for (;;) {
        const client = new Client({ connectionString: server.url() })
        others.push(client)
        client.on('error', () => {})
        await client.connect()
      }
    } catch {
      // All are taken.
    }
    await owner.insert(aJob(1))
    await refuses('CT_STORE_FAILED', stores.open())
    const list = store.listJobs(shard, {}, { limit: 10 })
    for (const client of others) await client.end().catch(() => {})
    expect((await list).jobs).toHaveLength(1)
  })

  it('may have a schema with a name that SQL uses itself', async () => {
    const schema = 'order'
    const store = await stores.open({ schema })
    try {
      const owner = await Owner.of(store)
      await owner.insert(aJob(1))
      await owner.commit(completion(aJob(1)))
      expect((await store.listJobs(shard, {}, { limit: 9 })).jobs).toHaveLength(1)
      const all = { nowMs: 1e15, settledKeepMs: 0, settledKeepJobs: 0, deadKeepMs: 0 }
      expect(await store.prune(shard, all, 9)).toBe(1)
      await stores.open({ schema })
    } finally {
      await server.query(`DROP SCHEMA "${schema}" CASCADE`)
    }
  })
})

const pause: Mutation = { type: 'pause' }

async function refused(...[code, action]: Parameters<typeof refuses>): Promise<boolean> {
  await refuses(code, action)
  return true
}

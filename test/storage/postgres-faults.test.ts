/** Postgres where it can go wrong: rivals, broken connections, a server that dies, schemas of others. */
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CommitAnswer, Group } from '../../src/core/mutation.ts'
import { isCarbontubeError } from '../../src/errors/errors.ts'
import type { ShardRef } from '../../src/storage/contract.ts'
import { loadDriver } from '../../src/storage/postgres/driver.ts'
import type { PostgresStorageBackend } from '../../src/storage/postgres/postgres-storage.ts'
import { aJob, completion, inserts, Owner } from '../../src/testing/storage/builders.ts'
import { refuses, shard, snapshot, startMs } from '../../src/testing/storage/builders.ts'
import { noPostgres, password, PostgresServer } from '../servers/postgres-server.ts'
import { TcpProxy } from '../servers/tcp-proxy.ts'
import { leaks, until } from '../wait.ts'
import { PostgresStores } from './postgres-stores.ts'

const reason = noPostgres()
let server: PostgresServer
let stores: PostgresStores
let schema = ''

/** As the manager does it: the same group until the store says what became of it. */
async function commitAtLast(
  store: PostgresStorageBackend,
  epoch: number,
  group: Group,
): Promise<CommitAnswer> {
  return await until(
    async () => {
      try {
        return await store.commit(shard, epoch, group)
      } catch (error) {
        if (isCarbontubeError(error) && error.code === 'CT_OUTCOME_UNKNOWN') return undefined
        throw error
      }
    },
    { what: `group ${group.id} has an answer`, timeoutMs: 15_000 },
  )
}

function insertOf(n: number, id = `group-${n}`): Group {
  return { id, number: n, mutations: inserts([aJob(n)]) }
}

describe.skipIf(reason !== undefined)(`Postgres${reason ? ` [skipped: ${reason}]` : ''}`, () => {
  beforeAll(async () => void (server = await PostgresServer.start()))
  afterAll(() => server.stop())
  beforeEach(() => {
    stores = new PostgresStores(server)
    schema = stores.schema
  })
  afterEach(() => stores.end())

  describe('rivals', () => {
    it('open a new schema at the same time', async () => {
      const four = [1, 2, 3, 4].map(() => stores.one())
      await Promise.all(four.map((store) => store.open()))
      expect(await server.query(`SELECT * FROM ${schema}.carbontube_migration`)).toHaveLength(1)
    })

    it('get a shard one at a time', async () => {
      const [left, right] = [await stores.open(), await stores.open()]
      for (let n = 0; n < 20; n += 1) {
        const ref: ShardRef = { ...shard, shard: n }
        const answers = await Promise.all(
          [left, right].map((store, index) => store.acquire(ref, `owner-${index}`, 60_000)),
        )
        expect(answers.map(({ outcome }) => outcome).sort()).toEqual(['acquired', 'held'])
      }
    })

    it('fence each other, with nothing applied', async () => {
      const [left, right] = [await stores.open(), await stores.open()]
      const first = await Owner.of(left, shard, 'first')
      await first.insert(aJob(1))
      await left.release(shard, first.epoch)
      const second = await Owner.of(right, shard, 'second')
      const before = await snapshot(right)
      await refuses('CT_FENCED', left.commit(shard, first.epoch, insertOf(2)))
      expect(await left.renew(shard, first.epoch, 60_000)).toBe(false)
      expect(await snapshot(right)).toEqual(before)
      await second.insert(aJob(2))
    })

    it('never both commit under an epoch that a failover handed out twice', async () => {
      const [left, right] = [await stores.open(), await stores.open()]
      const first = await Owner.of(left, shard, 'first')
      // The new primary has not heard of the first owner, and its clock is behind.
      await server.query(`DELETE FROM ${schema}.shard`)
      const second = await Owner.of(right, shard, 'second')
      await server.query(`UPDATE ${schema}.shard SET epoch = ${first.epoch}`)
      await refuses('CT_FENCED', left.commit(shard, first.epoch, insertOf(1)))
      expect(second.epoch).toBeGreaterThan(first.epoch)
    })

    it('are refused by the clock of the server, until a lease is over', async () => {
      const [left, right] = [await stores.open(), await stores.open()]
      expect((await left.acquire(shard, 'first', 50)).outcome).toBe('acquired')
      const second = await until(
        async () => {
          const answer = await right.acquire(shard, 'second', 60_000)
          return answer.outcome === 'acquired' ? answer : undefined
        },
        { what: 'the lease is over' },
      )
      expect(second.uncleanStop).toBe(true)
    })
  })

  describe('a connection that breaks', () => {
    let proxy: TcpProxy

    beforeEach(async () => void (proxy = await TcpProxy.start(server.port)))
    afterEach(() => proxy.stop())

    for (const when of ['before', 'after'] as const) {
      it(`${when} the server has the group leaves it unknown, and applies it once`, async () => {
        const store = await stores.open({ connectionString: server.url(proxy.port) })
        const owner = await Owner.of(store)
        await owner.insert(aJob(1))
        const twin = aJob(3, { id: 'job-1', checksum: aJob(1).checksum })
        const group = { id: 'cut-here', number: 2, mutations: inserts([aJob(2), twin]) }
        const cut = proxy.cut('cut-here', when)
        await refuses('CT_OUTCOME_UNKNOWN', store.commit(shard, owner.epoch, group))
        await cut
        const { lastSequence } = await store.summarise(shard)
        expect(lastSequence).toBe(when === 'after' ? 2 : 1)
        const { inserts: answers } = await store.commit(shard, owner.epoch, group)
        expect(answers.map(({ outcome }) => outcome)).toEqual(['stored', 'duplicate'])
        expect((await store.listJobs(shard, {}, { limit: 10 })).jobs).toHaveLength(2)
      })
    }

    it('under an owner who reads does not show', async () => {
      const store = await stores.open({ connectionString: server.url(proxy.port) })
      const owner = await Owner.of(store)
      await owner.insert(aJob(1))
      const cut = proxy.cut('job-1', 'before')
      expect(await store.getJobs(shard, ['job-1'])).toHaveLength(1)
      await cut
    })
  })

  describe('a server that is killed', () => {
    it('has all that was acknowledged, and the rest once when it is repeated', async () => {
      const store = await stores.open()
      const owner = await Owner.of(store)
      let answered = 0
      let unknown: Group | undefined
      let killed: Promise<void> | undefined
      for (let n = 1; unknown === undefined; n += 1) {
        const group = insertOf(n)
        try {
          await store.commit(shard, owner.epoch, group)
          answered = n
        } catch (error) {
          expect(error).toMatchObject({ code: 'CT_OUTCOME_UNKNOWN' })
          unknown = group
        }
        if (n === 50) killed = server.kill()
      }
      await killed
      await refuses('CT_OUTCOME_UNKNOWN', store.commit(shard, owner.epoch, unknown))
      const read = store.getJobs(shard, ['job-1'])
      await server.restart()
      expect(await read).toHaveLength(1)

      await commitAtLast(store, owner.epoch, unknown)
      await commitAtLast(store, owner.epoch, unknown)
      const { lastSequence, phases } = await store.summarise(shard)
      expect(lastSequence).toBe(answered + 1)
      expect(phases).toEqual([{ phase: 0, ready: answered + 1, scheduled: 0 }])
      const last = { id: 'last', number: answered + 2, mutations: [completion(aJob(1))] }
      await store.commit(shard, owner.epoch, last)
    })

    it('does not keep anybody from closing', async () => {
      const store = await stores.open()
      const before = process.getActiveResourcesInfo()
      const owner = await Owner.of(store)
      await server.kill()
      const failed = [
        refuses('CT_STOPPED', store.getJobs(shard, ['job-1'])),
        refuses('CT_OUTCOME_UNKNOWN', store.commit(shard, owner.epoch, insertOf(1))),
      ]
      await store.close()
      await store.close()
      await Promise.all(failed)
      await until(() => leaks(before).length === 0, { what: 'nothing of the store is alive' })
      await server.restart()
    })
  })

  describe('a server that refuses', () => {
    it('for want of room has changed nothing', async () => {
      const store = await stores.open()
      const owner = await Owner.of(store)
      await server.query(`
        CREATE FUNCTION ${schema}.full() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON ${schema}.job FOR EACH ROW
          EXECUTE FUNCTION ${schema}.full()`)
      await refuses('CT_STORE_FULL', store.commit(shard, owner.epoch, insertOf(1)))
      await server.query(`DROP TRIGGER full_disk ON ${schema}.job`)
      await store.commit(shard, owner.epoch, insertOf(1))
    })

    it('because it is read-only has changed nothing', async () => {
      const store = await stores.open()
      const { epoch } = await Owner.of(store)
      const readOnly = `${server.url()}?options=-c%20default_transaction_read_only%3Don`
      const standby = await stores.open({ connectionString: readOnly })
      await refuses('CT_REFUSED', standby.commit(shard, epoch, insertOf(1)))
      await refuses('CT_REFUSED', standby.acquire(shard, 'owner', 1_000))
      expect((await standby.summarise(shard)).lastSequence).toBe(0)
    })

    it('because an operator ends the session is asked again', async () => {
      const store = await stores.open()
      const owner = await Owner.of(store)
      const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'carbontube'`
      await server.query(end)
      expect(await store.getJobs(shard, ['job-1'])).toEqual([])
      await server.query(end)
      await commitAtLast(store, owner.epoch, insertOf(1))
      expect(await store.listAttempts(shard, 'job-1')).toEqual([])
    })

    it('because a table is missing is called damaged', async () => {
      const store = await stores.open()
      const owner = await Owner.of(store)
      await server.query(`DROP TABLE ${schema}.job`)
      await refuses('CT_STORE_FOREIGN', store.commit(shard, owner.epoch, insertOf(1)))
      await refuses('CT_STORE_FOREIGN', store.getJobs(shard, ['job-1']))
    })
  })

  describe('a schema', () => {
    it('of another application is refused, and stays as it is', async () => {
      await server.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.job (theirs int)`)
      await refuses('CT_STORE_FOREIGN', stores.one().open())
      const tables = await server.query(
        `SELECT relname FROM pg_class WHERE relnamespace = '${schema}'::regnamespace`,
      )
      expect(tables).toEqual([{ relname: 'job' }])
    })

    it('of a newer version is refused, and stays as it is', async () => {
      const table = `${schema}.carbontube_migration`
      await (await stores.open()).close()
      await server.query(`INSERT INTO ${table} VALUES (99, now())`)
      await refuses('CT_STORE_FOREIGN', stores.one().open())
      expect(await server.query(`SELECT version FROM ${table} ORDER BY 1 DESC`)).toEqual([
        { version: 99 },
        { version: 1 },
      ])
    })

    it('that somebody has made for us, and that is empty, is used', async () => {
      await server.query(`CREATE SCHEMA ${schema}`)
      await Owner.of(await stores.open())
    })

    it('has a name that needs no quotes', () => {
      expect(() => stores.one({ schema: 'x; DROP TABLE job' })).toThrow('is not a schema name')
    })
  })

  describe('what it says of itself', () => {
    it('is the version, the place, and the setting that lowers the durability', async () => {
      const store = await stores.open({ synchronousCommit: 'off' })
      const { description, capabilities } = store.info()
      expect(description).toMatch(
        new RegExp(
          `^PostgreSQL \\d+\\.\\d+ at 127\\.0\\.0\\.1:${server.port}/postgres, schema ${schema}`,
        ),
      )
      expect(description).toMatch(/, synchronous_commit is off$/)
      // Killed, it has not yet written the last moments that it has answered.
      expect(capabilities.durability).toBe('D0')
      expect((await stores.open()).info().capabilities.durability).toBe('D2')
    })

    it('is that nobody answers, with a hint, when there is no server', async () => {
      const opening = stores.one({ connectionString: server.url(1) }).open()
      await expect(opening).rejects.toMatchObject({
        code: 'CT_UNREACHABLE',
        message: expect.stringContaining('ECONNREFUSED') as string,
        hint: 'Is the server up, and is the address right?',
      })
    })

    it('never holds the password', async () => {
      const store = await stores.open()
      const nobody = server.url().replace('carbontube:', 'nobody:')
      const away = server.url(1)
      const unreadable = `postgres://u:${password}@[/x`
      const failures = [nobody, away, unreadable].map(async (connectionString) => {
        return await stores
          .one({ connectionString })
          .open()
          .then(
            () => 'opened',
            (error: unknown) => error,
          )
      })
      for (const shown of [store, store.info(), ...(await Promise.all(failures))]) {
        expect(shown).not.toBe('opened')
        expect(inspect(shown, { depth: 20, showHidden: true })).not.toContain(password)
      }
    })

    it('is the command that installs the driver, when that is missing', () => {
      const nowhere = (id: string): unknown => {
        throw Object.assign(new Error(`Cannot find module '${id}'`), { code: 'MODULE_NOT_FOUND' })
      }
      expect(() => loadDriver([nowhere])).toThrow(
        expect.objectContaining({ code: 'CT_MISSING_DRIVER', hint: 'Run: npm install pg@8' }),
      )
    })
  })

  it('keeps everything under a retention without end, and loads what is ever due', async () => {
    const store = await stores.open()
    const owner = await Owner.of(store)
    await owner.insert(aJob(1), aJob(2, { state: 'scheduled' }))
    await owner.commit(completion(aJob(1)))
    const endless = { settledKeepMs: Infinity, settledKeepJobs: Infinity, deadKeepMs: Infinity }
    expect(await store.prune(shard, { nowMs: startMs, ...endless }, 100)).toBe(0)
    const { jobs } = await store.loadDue(shard, { untilMs: Infinity, limit: 10 })
    expect(jobs.map(({ id }) => id)).toEqual(['job-2'])
  })

  it('keeps texts that hold the character NUL', async () => {
    const store = await stores.open()
    const owner = await Owner.of(store)
    const texts = ['a\0b', 'a\u00010b', 'a\u0001\0']
    const jobs = texts.map((id, index) => aJob(index + 1, { id, lastError: id, replayOf: id }))
    await owner.insert(...jobs)
    const found = await store.getJobs(shard, texts)
    expect(found.map(({ id, lastError, replayOf }) => [id, lastError, replayOf])).toEqual(
      texts.map((id) => [id, id, id]),
    )
    await owner.commit(...jobs.map((job) => completion(job, startMs)))
  })
})

/**
 * The server of the store dies under a pipeline at work, for a moment and for longer than an ownership lasts,
 * and connections break when a commit is under way: the managers are none the worse, jobs flow again by
 * themselves, and nothing that was acknowledged is lost or done twice. `npm run failover` has more jobs.
 */
import { describe, expect, it } from 'vitest'
import { noPostgres, PostgresServer } from '../../servers/postgres-server.ts'
import { redisMissing, RedisServer } from '../../servers/redis-server.ts'
import { TcpProxy } from '../../servers/tcp-proxy.ts'
import { until } from '../../wait.ts'
import { numbered } from '../processes.ts'
import { jobsFlow } from './jobs-flow.ts'
import { endsOf, expectSound, Feed } from './steady-load.ts'
import { sharedStoreFile, TwoManagers } from './two-managers.ts'
import { expectAlive } from './watch.ts'

const perSecond = Number(process.env['FAILOVER_PER_SECOND'] ?? 200)
const cuts = Number(process.env['FAILOVER_CUTS'] ?? 6)
const longJobs = 4
/** Of the 9 s of an ownership, 3 may have passed since it was renewed last. */
const shortMs = 4_000

/** The id of a group, in whatever a store makes of a commit: epoch, nonce, number. */
const aCommit = /\d{16}-[0-9a-f]{16}-\d+/
const unconfirmed = 'the store did not confirm a group'
const lost = 'the shard is lost: standing by'

interface Server {
  readonly port: number
  kill(): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
}

interface Kind {
  readonly name: string
  readonly missing: string | undefined
  start(): Promise<Server>
  url(port: number): string
}

const kinds: readonly Kind[] = [
  {
    name: 'Redis',
    missing: redisMissing(),
    start: () => RedisServer.start(),
    url: (port) => `redis://127.0.0.1:${port}`,
  },
  {
    name: 'Postgres',
    missing: noPostgres(),
    start: () => PostgresServer.start(),
    url: (port) => PostgresServer.urlAt(port),
  },
]

interface Scene {
  readonly two: TwoManagers
  readonly server: Server
  readonly proxy: TcpProxy
  /** Jobs that are enqueued now are done. */
  flow(): Promise<void>
}

interface Outage {
  /** From the kill until the server answers again. */
  readonly awayMs: number
  readonly flowMs: number
}

/** Killed until the managers have noticed, as `sign` says it, so many times more. */
async function outage({ two, server, flow }: Scene, sign: string, times: number): Promise<Outage> {
  const before = two.saidBy(sign)
  const killedMs = performance.now()
  const sinceKill = () => Math.round(performance.now() - killedMs)
  await server.kill()
  await until(() => two.saidBy(sign) >= before + times, { what: sign, timeoutMs: 40_000 })
  await server.restart()
  const awayMs = sinceKill()
  await flow()
  return { awayMs, flowMs: sinceKill() }
}

/** Costs nobody the ownership. A server whose recovery takes longer than that, on a busy machine, shows nothing of it. */
async function shortOutage(scene: Scene): Promise<string> {
  const lostBefore = scene.two.saidBy(lost)
  const { awayMs, flowMs } = await outage(scene, unconfirmed, 2)
  const isShort = awayMs < shortMs
  if (isShort) expect(scene.two.saidBy(lost)).toBe(lostBefore)
  return `away for ${awayMs} ms${isShort ? '' : ', which is not short'}, jobs flow after ${flowMs} ms`
}

async function cutAtCommits({ proxy, flow }: Scene): Promise<void> {
  for (let n = 0; n < cuts; n += 1) await proxy.cut(aCommit, n % 3 === 2 ? 'before' : 'after')
  await flow()
}

async function outages(kind: Kind, server: Server, say: (line: string) => void): Promise<void> {
  const proxy = await TcpProxy.start(server.port)
  try {
    await using two = await TwoManagers.open(kind.url(proxy.port))
    const managers = await two.managers()
    const client = await two.workers()
    const feed = new Feed(client, perSecond)
    const long = await client.enqueueJobs(numbered(longJobs, { ms: 20_000 }))
    await jobsFlow(client)
    const scene = { two, server, proxy, flow: () => jobsFlow(client, 50, 60_000) }

    say(`a short outage: ${await shortOutage(scene)}`)
    const [lostBefore, unconfirmedBefore] = [two.saidBy(lost), two.saidBy(unconfirmed)]
    await cutAtCommits(scene)
    expect(two.saidBy(unconfirmed) - unconfirmedBefore).toBeGreaterThanOrEqual(cuts)
    expect(two.saidBy(lost)).toBe(lostBefore)
    const { awayMs, flowMs } = await outage(scene, lost, 1)
    say(`a long outage: away for ${awayMs} ms, jobs flow after ${flowMs} ms`)
    await feed.end()

    const ids = [...feed.ids, ...long.map(({ job }) => job.id)]
    const ends = await endsOf(client, ids)
    expect(ids.filter((id) => ends.get(id) !== 'done')).toEqual([])
    expectAlive(managers.flatMap((manager) => two.logs.get(manager) ?? []))
    const { repeated } = await expectSound(two.here, sharedStoreFile, two.env)
    say(`${ids.length} jobs, 0 lost, 0 done twice; ${repeated} executions more than once`)
  } finally {
    await proxy.stop()
  }
}

// Side by side: they mostly wait for an ownership to end.
describe.concurrent('a store whose server dies and whose connections break', () => {
  for (const kind of kinds) {
    const { name, missing } = kind
    it.skipIf(missing !== undefined)(
      `loses nothing, and is used again at once when it is back: ${name}${missing === undefined ? '' : ` [skipped: ${missing}]`}`,
      async () => {
        const server = await kind.start()
        try {
          await outages(kind, server, (line) => process.stdout.write(`${name}: ${line}\n`))
        } finally {
          await server.stop()
        }
      },
      240_000,
    )
  }
})

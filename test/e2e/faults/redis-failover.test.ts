/**
 * A Redis master dies under a pipeline at work, and a replica takes over that has not got its last writes:
 * behind Sentinels, and in a cluster of which the shard has just moved to another node. Jobs flow again by
 * themselves. Lost is what docs/failure-model.md says, the acknowledged jobs that had not reached the
 * replica, and nothing else; no result is taken for that of another grant. `npm run failover` has more jobs.
 */
import { describe, expect, it } from 'vitest'
import type { PipelineClient } from '../../../src/client/pipeline-client.ts'
import { redisMissing, type RedisServer } from '../../servers/redis-server.ts'
import { comesBack, cutReplicas, RedisCluster, SentinelSet } from '../../servers/redis-sets.ts'
import { until } from '../../wait.ts'
import { numbered } from '../processes.ts'
import { jobsFlow } from './jobs-flow.ts'
import { endsOf, expectSound, Feed } from './steady-load.ts'
import { sharedStoreFile, TwoManagers } from './two-managers.ts'
import { expectAlive } from './watch.ts'

const perSecond = Number(process.env['FAILOVER_PER_SECOND'] ?? 200)
const longJobs = 4
const flowMsMax = 60_000

interface Scene {
  readonly two: TwoManagers
  readonly client: PipelineClient
  readonly feed: Feed
  say(line: string): void
}

interface Loss {
  /** Acknowledged when it began, and when the master died. */
  readonly cutAt: number
  readonly killedMs: number
}

/** The master dies a second after its replica was cut off, which takes over all the same, and comes back. */
async function loseMaster(
  { feed, client, say }: Scene,
  master: RedisServer,
  promoted: () => Promise<void>,
): Promise<Loss> {
  const cutAt = feed.acknowledged.length
  await cutReplicas(master)
  await until(() => feed.acknowledged.length > cutAt + perSecond, {
    what: 'jobs are acknowledged that the replica does not get',
    timeoutMs: 10_000,
  })
  const killedMs = performance.now()
  await master.kill()
  await promoted()
  const promotedMs = performance.now()
  await jobsFlow(client, 50, flowMsMax)
  const [tookOver, flowed] = [promotedMs - killedMs, performance.now() - promotedMs]
  say(`a replica is master ${Math.round(tookOver)} ms after the kill`)
  say(`jobs flow ${Math.round(flowed)} ms later`)
  await comesBack(master)
  await jobsFlow(client, 50, flowMsMax)
  return { cutAt, killedMs }
}

/** A steady load through `torment`; then what was lost is held against what may be. */
async function undergo(
  storeUrl: string,
  say: (line: string) => void,
  torment: (scene: Scene) => Promise<Loss>,
): Promise<void> {
  await using two = await TwoManagers.open(storeUrl)
  const managers = await two.managers()
  const client = await two.workers()
  const long = await client.enqueueJobs(numbered(longJobs, { ms: 20_000 }))
  const feed = new Feed(client, perSecond)
  await jobsFlow(client)
  const loss = await torment({ two, client, feed, say })
  await feed.end()

  const lost = await lostOf(client, feed, loss)
  say(`${feed.acknowledged.length} jobs acknowledged, of those ${lost} lost with the master`)
  const kept = await endsOf(
    client,
    long.map(({ job }) => job.id),
  )
  expect([...kept.values()]).toEqual(long.map(() => 'done'))
  expectAlive(managers.flatMap((manager) => two.logs.get(manager) ?? []))
  const { repeated } = await expectSound(two.here, sharedStoreFile, two.env)
  say(`0 done twice; ${repeated} executions more than once`)
}

/** What was acknowledged between the cut and the kill, from some job on all of it, may be gone. */
async function lostOf(client: PipelineClient, feed: Feed, loss: Loss): Promise<number> {
  const ends = await endsOf(client, feed.ids)
  const { acknowledged } = feed
  const states = acknowledged.map(({ id }) => ends.get(id))
  const first = states.indexOf('notFound')
  const lost = states.filter((state) => state === 'notFound').length
  expect(first).toBeGreaterThanOrEqual(loss.cutAt)
  expect(states.slice(first, first + lost).every((state) => state === 'notFound')).toBe(true)
  const others = [...states.slice(0, first), ...states.slice(first + lost)]
  expect(others.filter((state) => state !== 'done')).toEqual([])
  expect(acknowledged[first + lost]?.atMs).toBeGreaterThan(loss.killedMs)
  return lost
}

const missing = redisMissing()
const because = missing === undefined ? '' : ` [skipped: ${missing}]`

// Side by side: they mostly wait for a death to be noticed.
describe.skipIf(missing !== undefined).concurrent(`a Redis master that dies${because}`, () => {
  it('behind Sentinels is followed by its replica, and jobs flow again', async () => {
    const servers = await SentinelSet.start(3)
    try {
      const url = `sentinel:${SentinelSet.masterName}@${servers.addresses.join(',')}`
      const say = (line: string) => process.stdout.write(`Sentinels: ${line}\n`)
      await undergo(url, say, (scene) =>
        loseMaster(scene, servers.master, () => servers.promoted()),
      )
    } finally {
      await servers.stop()
    }
  }, 240_000)

  it('in a cluster is followed by its replica, also of a shard that has moved there', async () => {
    const servers = await RedisCluster.start()
    try {
      const place = await servers.whoHas('carbontube:{ledger:0}:shard')
      const replica = await servers.addReplica(place.target)
      const say = (line: string) => process.stdout.write(`cluster: ${line}\n`)
      await undergo(`cluster:${servers.addresses.join(',')}`, say, async (scene) => {
        await moveShard(servers, place, scene)
        return await loseMaster(scene, place.target, () => servers.promoted(replica))
      })
    } finally {
      await servers.stop()
    }
  }, 240_000)
})

/** It stays between two nodes until reads and commits have found no answer for a while. */
async function moveShard(
  servers: RedisCluster,
  place: Awaited<ReturnType<RedisCluster['whoHas']>>,
  { two, client, say }: Scene,
): Promise<void> {
  const startedMs = performance.now()
  const unconfirmed = 'the store did not confirm a group'
  await servers.moveSlot(place, async () => {
    await until(() => two.saidBy(unconfirmed) >= 3, { what: unconfirmed, timeoutMs: 20_000 })
  })
  const movedMs = Math.round(performance.now() - startedMs)
  await jobsFlow(client, 50, flowMsMax)
  say(`the shard has moved in ${movedMs} ms; ${two.saidBy(unconfirmed)} groups without an answer`)
}

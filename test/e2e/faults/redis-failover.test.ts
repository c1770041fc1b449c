/**
 * A Redis master dies under a pipeline at work, and a replica takes over that has not got its last writes:
 * behind Sentinels, and in a cluster of which the shard has just moved to another node. Jobs flow again by
 * themselves. Lost is what docs/failure-model.md says, the acknowledged jobs that had not reached the
 * replica, and nothing else; no result is taken for that of another grant. `npm run failover` has more jobs.
 */
import { describe, expect, it } from 'vitest'
import type { PipelineClient } from '../../../src/client/pipeline-client.ts'
import { redisMissing, type RedisServer } from '../../servers/redis-server.ts'
import {
  becomesReplica,
  comesBack,
  cutReplicas,
  RedisCluster,
  SentinelSet,
} from '../../servers/redis-sets.ts'
import { until } from '../../wait.ts'
import { numbered } from '../processes.ts'
import { jobsFlow, jobsFlowAgain } from './jobs-flow.ts'
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

interface Replicated {
  readonly master: RedisServer
  /** The replica is master. */
  promoted(): Promise<void>
}

interface Loss {
  /** How many jobs had been acknowledged when the replica got everything for the last time. */
  readonly cutAt: number
  /** A job that was acknowledged before may be lost. */
  readonly untilMs: number
}

/** The master dies a second after its replica was cut off, which takes over all the same, and comes back. */
async function loseMaster({ feed, client, say }: Scene, servers: Replicated): Promise<Loss> {
  const cutAt = feed.acknowledged.length
  await cutReplicas(servers.master)
  // One request may be under way that the replica has got, and on a busy machine it has a second's worth of jobs.
  const { answered } = feed
  const isEnough = () =>
    feed.answered > answered + 1 && feed.acknowledged.length > cutAt + perSecond
  await until(isEnough, {
    what: 'jobs are acknowledged that the replica does not get',
    timeoutMs: 10_000,
  })
  const killedMs = performance.now()
  await servers.master.kill()
  await servers.promoted()
  const promotedMs = performance.now()
  await jobsFlow(client, 50, flowMsMax)
  const [tookOver, flowed] = [promotedMs - killedMs, performance.now() - promotedMs]
  say(`a replica is master ${Math.round(tookOver)} ms after the kill`)
  say(`jobs flow ${Math.round(flowed)} ms later`)
  await comesBack(servers.master)
  await jobsFlow(client, 50, flowMsMax)
  return { cutAt, untilMs: promotedMs }
}

/** The master is silent until a replica has taken over, and then goes on as if nothing had happened. */
async function freezeMaster({ two, feed, client, say }: Scene, servers: Replicated): Promise<Loss> {
  const cutAt = feed.acknowledged.length
  const frozenMs = performance.now()
  const told = (what: string) =>
    say(`${what} ${Math.round(performance.now() - frozenMs)} ms after it was frozen`)
  servers.master.pause()
  await servers.promoted()
  servers.master.resume()
  await jobsFlowAgain(client, 50, flowMsMax)
  told('jobs flow')
  const ready = { what: 'a manager uses the new master', timeoutMs: flowMsMax }
  await until(() => two.saidBy('is ready') > 1, ready)
  told(ready.what)
  await becomesReplica(servers.master)
  const untilMs = performance.now()
  told('it is a replica')
  await jobsFlow(client, 50, flowMsMax)
  return { cutAt, untilMs }
}

/** A steady load through `torment`; then what was lost is held against what may be. Answers how much it was. */
async function undergo(
  storeUrl: string,
  say: (line: string) => void,
  torment: (scene: Scene) => Promise<Loss>,
): Promise<number> {
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
  return lost
}

/** What was acknowledged since the cut, from some job on, may be gone until there is a new master. */
async function lostOf(client: PipelineClient, feed: Feed, loss: Loss): Promise<number> {
  const ends = await endsOf(client, feed.ids)
  const { acknowledged } = feed
  const states = acknowledged.map(({ id }) => ends.get(id))
  expect(states.filter((state) => state !== 'done' && state !== 'notFound')).toEqual([])
  const lost = states.flatMap((state, index) => (state === 'notFound' ? index : []))
  const [first, last] = [lost[0], lost.at(-1)]
  if (first === undefined || last === undefined) return 0
  expect(first).toBeGreaterThanOrEqual(loss.cutAt)
  expect(last - first + 1).toBe(lost.length)
  expect(acknowledged[last]?.atMs).toBeLessThan(loss.untilMs)
  return lost.length
}

const missing = redisMissing()
const because = missing === undefined ? '' : ` [skipped: ${missing}]`

// Side by side: they mostly wait for a death to be noticed.
describe.skipIf(missing !== undefined).concurrent(`a Redis master that dies${because}`, () => {
  it('behind Sentinels is followed by its replica, and jobs flow again', async () => {
    const lost = await behindSentinels('Sentinels', {}, loseMaster)
    expect(lost).toBeGreaterThan(0)
  }, 240_000)

  it('only seemingly loses what it acknowledges beside its successor', async () => {
    const lost = await behindSentinels('frozen', {}, freezeMaster)
    expect(lost).toBeGreaterThan(0)
  }, 240_000)

  it('only seemingly loses less when it must not write without a replica', async () => {
    const args = ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '1']
    const name = 'frozen, min-replicas-to-write 1'
    // With a single one its successor would have none, and could not write either.
    await behindSentinels(name, { replicas: 2, args }, freezeMaster)
  }, 240_000)

  it('in a cluster is followed by its replica, also of a shard that has moved there', async () => {
    const servers = await RedisCluster.start()
    try {
      const place = await servers.whoHas('carbontube:{ledger:0}:shard')
      const replica = await servers.addReplica(place.target)
      const say = (line: string) => process.stdout.write(`cluster: ${line}\n`)
      await undergo(`cluster:${servers.addresses.join(',')}`, say, async (scene) => {
        await moveShard(servers, place, scene)
        const promoted = () => servers.promoted(replica)
        return await loseMaster(scene, { master: place.target, promoted })
      })
    } finally {
      await servers.stop()
    }
  }, 240_000)
})

/** Answers how many acknowledged jobs were lost. */
async function behindSentinels(
  name: string,
  more: Partial<Parameters<typeof SentinelSet.start>[0]>,
  torment: (scene: Scene, servers: SentinelSet) => Promise<Loss>,
): Promise<number> {
  const servers = await SentinelSet.start({ sentinels: 3, ...more })
  try {
    const url = `sentinel:${SentinelSet.masterName}@${servers.addresses.join(',')}`
    const say = (line: string) => process.stdout.write(`${name}: ${line}\n`)
    return await undergo(url, say, (scene) => torment(scene, servers))
  } finally {
    await servers.stop()
  }
}

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

/** What a renewal says to the owner of a shard, and when it is too late to say anything. */
import { spawnSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CarbontubeError } from '../../src/errors/errors.ts'
import { diedHere, Lease, ownerName } from '../../src/manager/lease.ts'
import { EphemeralStorageBackend } from '../../src/storage/memory/memory-storage.ts'
import { shard } from '../../src/testing/storage/builders.ts'

/** Its renewals are answered by the test. */
class SlowStorage extends EphemeralStorageBackend {
  readonly renewals: { answer(isRenewed: boolean): void; fail(): void }[] = []
  override renew(): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new CarbontubeError('CT_OUTCOME_UNKNOWN', 'gone'))
      this.renewals.push({ answer: resolve, fail })
    })
  }
}

let storage: SlowStorage
let lost: unknown[]
let lease: Lease

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] })
  storage = new SlowStorage()
  await storage.open()
  lost = []
  const onLost = (error: unknown) => void lost.push(error)
  const acquired = await Lease.acquire({ storage, ref: shard, owner: 'me', onLost })
  if (!(acquired instanceof Lease)) throw new Error('it is free')
  lease = acquired
  vi.advanceTimersByTime(3_000)
})

afterEach(() => {
  lease.stop()
  vi.useRealTimers()
})

/** What is told by then has been told. */
const told = () => new Promise((resolve) => setImmediate(resolve))

describe('a lease', () => {
  it('is lost when a renewal is refused', async () => {
    storage.renewals[0]?.answer(false)
    await told()
    expect(lost).toEqual([expect.objectContaining({ code: 'CT_FENCED' })])
  })

  it('says nothing more when it was stopped while a renewal was under way', async () => {
    lease.stop()
    storage.renewals[0]?.answer(false)
    await told()
    expect(storage.renewals).toHaveLength(1)
    expect(lost).toEqual([])
  })

  it('is renewed half a second after a renewal has failed, once, and regularly from then on', async () => {
    storage.renewals[0]?.fail()
    await told()
    vi.advanceTimersByTime(500)
    expect(storage.renewals).toHaveLength(2)
    storage.renewals[1]?.answer(true)
    await told()
    vi.advanceTimersByTime(2_400)
    expect(storage.renewals).toHaveLength(2)
    vi.advanceTimersByTime(100)
    expect(storage.renewals).toHaveLength(3)
    expect(lost).toEqual([])
  })

  it('is not renewed again when it was stopped after a renewal had failed', async () => {
    storage.renewals[0]?.fail()
    await told()
    lease.stop()
    vi.advanceTimersByTime(10_000)
    expect(storage.renewals).toHaveLength(1)
  })
})

describe('an owner of the same name', () => {
  const { pid } = spawnSync(process.execPath, ['--version'])
  const own = ownerName('m')
  const ofPid = (of: number) => own.replace(/:\d+#/, `:${of}#`)

  it('has died when its process is gone from where process ids mean the same', () => {
    expect(diedHere(ofPid(pid), own)).toBe(true)
    expect(diedHere(ofPid(process.ppid), own)).toBe(false)
    expect(diedHere(ofPid(pid).replace('m@', 'n@'), own)).toBe(false)
  })

  it('may live in another container, or under an earlier version', () => {
    expect(diedHere(ofPid(pid).replace(/#\w+-/, '#0badcafe-'), own)).toBe(false)
    expect(diedHere(ofPid(pid).replace(/#\w+-/, '#'), own)).toBe(false)
  })
})

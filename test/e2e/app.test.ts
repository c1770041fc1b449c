/** The code of docs/how-to/enqueue-from-your-app.md against a real manager and its workers. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as app from '../../examples/tutorial/enqueue.ts'
import { Bench } from './processes.ts'

const file = fileURLToPath(new URL('../../examples/tutorial/pipeline.ts', import.meta.url))

let bench: Bench
let client: Awaited<ReturnType<typeof app.connect>>

beforeAll(async () => {
  bench = await Bench.open()
  mkdirSync(join(bench.folder, 'published'))
  bench.manager(file)
  const links = ['--push-connect', bench.pull, '--pub-connect', bench.address(2)]
  for (const type of ['count-words', 'write-report', 'publish'])
    bench.start(['phase', file, type, ...links])
  await bench.workersReady(await bench.client(), {
    ...{ 'count-words': 1, 'write-report': 1, publish: 1 },
  })
  client = await app.connect(bench.pull)
})

afterAll(async () => {
  client.close()
  await bench.close()
})

describe('an application', () => {
  it('enqueues a job, and waits for its result', async () => {
    expect(client.manager).toMatchObject({ pipeline: 'reports', durability: 'D2' })
    const id = await app.orderReport(client, 'fox', 'the quick brown fox')
    expect(await app.pathOfReport(client, id)).toBe('published/fox.txt')
  })

  it('enqueues under an id of its own as often as it likes', async () => {
    expect(await app.orderOnce(client, 'dog', 'the lazy dog')).toBe('stored')
    expect(await app.orderOnce(client, 'dog', 'the lazy dog')).toBe('duplicate')
    expect(await app.orderOnce(client, 'dog', 'another text')).toBe('conflict')
    expect((await client.getJob('report-dog')).job.priority).toBe(5)
  })

  it('enqueues many in one message', async () => {
    const texts = Array.from({ length: 100 }, (_, n): [string, string] => [`text-${n}`, 'a b'])
    expect(await app.orderMany(client, new Map(texts))).toEqual([])
  })

  it('is told why there is no result', async () => {
    const id = await app.orderReport(client, '../fox', '')
    expect(await app.pathOrReason(client, id)).toMatch(
      /^it failed: Reject: the title becomes a file name/,
    )
    await expect(app.pathOrReason(client, 'nobody')).rejects.toMatchObject({
      code: 'CT_JOB_NOT_FOUND',
    })
    // No system has file names as long as this: every attempt fails, and there are many.
    const stuck = await app.orderReport(client, 'a'.repeat(300), 'too long a name for a file')
    expect(await app.pathOrReason(client, stuck)).toBe('it is still under way')
  })

  it('is refused by an address where nobody is', async () => {
    await expect(app.connect('tcp://127.0.0.1:9')).rejects.toMatchObject({
      code: 'CT_UNREACHABLE',
    })
  }, 20_000)
})

/**
 * A process of its own that owns an SQLite file, to be killed. `hold <path>` opens it and says `held`.
 * `commit <path>` commits group after group of ten jobs and says the last sequence of each one when it is
 * acknowledged. `refused <path>` opens it as somebody who is not root, `refused-reader <path>` only to read,
 * and says the error. Started by sqlite-files.test.ts.
 */
import { writeSync } from 'node:fs'
import type { CarbontubeError } from '../../src/errors/errors.ts'
import { loadDriver } from '../../src/storage/sqlite/driver.ts'
import { SqliteStorageBackend } from '../../src/storage/sqlite/sqlite-storage.ts'
import { aJob, inserts, Owner, shard } from '../../src/testing/storage/builders.ts'
import { suitePipeline } from '../../src/testing/storage-suite.ts'

const [what, path = ''] = process.argv.slice(2)
if (what?.startsWith('refused')) {
  // Loaded before: what is here need not be readable for others.
  loadDriver()
  if (process.getuid?.() === 0) process.setuid?.(65_534)
  const readOnly = what === 'refused-reader'
  const error: unknown = await new SqliteStorageBackend(suitePipeline, { path, readOnly })
    .open()
    .catch((reason: unknown) => reason)
  const { code, message, hint } = error as CarbontubeError
  writeSync(1, `${JSON.stringify({ code, message, hint })}\n`)
  process.exit()
}

const store = new SqliteStorageBackend(suitePipeline, { path })
await store.open()
const owner = await Owner.of(store, shard, `child ${process.pid}`)

if (what === 'hold') {
  writeSync(1, 'held\n')
  // Alive until it is killed.
  process.stdin.resume()
} else {
  let { lastSequence } = await store.summarise(shard)
  for (;;) {
    const first = lastSequence + 1
    await owner.commit(...inserts(Array.from({ length: 10 }, (_, index) => aJob(first + index))))
    lastSequence += 10
    writeSync(1, `${lastSequence}\n`)
  }
}

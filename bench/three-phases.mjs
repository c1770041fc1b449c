/**
 * The pipeline that benchmarks run: three phases, each adds one key to a payload of about 200 bytes.
 * `BENCH_STORE` is the address of a Redis or Postgres server. `BENCH_SEEN` is a file in which a worker of the
 * first phase writes when it executes again after a pause.
 */
import { appendFileSync } from 'node:fs'
import { Phase, Pipeline, PostgresStorageBackend, RedisStorageBackend, chain } from 'carbontube'

const { BENCH_STORE: url, BENCH_SEEN: seen } = process.env
const pauseMs = 200
let lastMs = 0

class First extends Phase {
  jobType = 'first'
  execute() {
    if (seen !== undefined) noteAfterPause()
    return { first: 1 }
  }
}

class Second extends Phase {
  jobType = 'second'
  execute() {
    return { second: 2 }
  }
}

class Third extends Phase {
  jobType = 'third'
  execute() {
    return { third: 3 }
  }
}

export class ThreePhases extends Pipeline {
  name = 'three-phases'
  phases = chain(First, Second, Third)

  initialize() {
    if (url === undefined) return
    this.backend = url.startsWith('redis:')
      ? new RedisStorageBackend(this.name, { redisUri: url })
      : new PostgresStorageBackend(this.name, { connectionString: url })
  }
}

function noteAfterPause() {
  const nowMs = Date.now()
  if (nowMs - lastMs > pauseMs) appendFileSync(seen, `${nowMs}\n`)
  lastMs = nowMs
}

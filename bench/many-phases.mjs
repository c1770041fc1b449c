/**
 * A pipeline of `BENCH_PHASES` phases, `step-1` and so on, each of which adds one key and takes as long as the
 * job says (`ms`). `BENCH_RUNS` is a folder in which workers note when each run began and ended, as they end.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Phase, Pipeline, PostgresStorageBackend, RedisStorageBackend, chain } from 'carbontube'

const { BENCH_PHASES: count = '1', BENCH_RUNS: folder, BENCH_STORE: url } = process.env

export const steps = Array.from({ length: Number(count) }, (_, at) => stepClass(at + 1))

export class ManyPhases extends Pipeline {
  name = 'many-phases'
  phases = chain(...steps)

  initialize() {
    if (url === undefined) return
    this.backend = url.startsWith('redis:')
      ? new RedisStorageBackend(this.name, { redisUri: url })
      : new PostgresStorageBackend(this.name, { connectionString: url })
  }
}

function stepClass(number) {
  const key = `step${number}`
  return class extends Phase {
    jobType = `step-${number}`
    runs = []

    async execute({ ms, sentMs }) {
      const startedMs = Date.now()
      if (ms !== undefined) await new Promise((resolve) => setTimeout(resolve, ms))
      if (folder !== undefined) this.runs.push([startedMs, Date.now(), ms, sentMs])
      return { [key]: number }
    }

    teardown() {
      if (folder === undefined) return
      writeFileSync(join(folder, `runs-${process.pid}.json`), JSON.stringify(this.runs))
    }
  }
}

/** Celery on a Redis server of its own: three workers, two processes of each, fed from Python. */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { end, startCommand, until } from '../processes.mjs'
import { redisServer } from '../stores.mjs'

const cwd = fileURLToPath(new URL('.', import.meta.url))
/** Debian's packages are those of its own Python. */
export const python = process.env.BENCH_PYTHON ?? '/usr/bin/python3'
const processesOfEach = 2
const stopMs = 5_000

export async function openCelery({ log }) {
  const server = await redisServer(log)
  const env = { BENCH_REDIS: `${server.uri}/0`, PYTHONDONTWRITEBYTECODE: '1' }
  const workers = ['first', 'second', 'third'].map((queue) => startWorker(queue, env))
  const feeder = await Feeder.start(env)
  const tally = new Tally(server.port)
  await feeder.feed(1)
  await tally.untilDone(1)
  return {
    feed: (jobs) => feeder.feed(jobs),
    feedOne: () => feeder.feed(1),
    done: () => tally.done,
    untilDone: (count) => tally.untilDone(count),
    async close() {
      tally.close()
      await feeder.close()
      await Promise.all(workers.map(stopWorker))
      await server.stop()
    },
  }
}

/** The queue is also its name: it must differ, or they take each other for one. */
function startWorker(queue, env) {
  const pool = ['--pool', 'prefork', '-c', String(processesOfEach)]
  const quiet = ['--without-gossip', '--without-mingle', '-l', 'WARNING', '-n', `${queue}@bench`]
  const args = ['-m', 'celery', '-A', 'celery_tasks', 'worker', '-Q', queue, ...pool, ...quiet]
  return startCommand(python, args, { cwd, env })
}

/** Its processes end with it when it is asked to; a killed one would leave them behind. */
async function stopWorker(child) {
  const timer = setTimeout(() => child.kill('SIGQUIT'), stopMs)
  await end(child)
  clearTimeout(timer)
}

class Feeder {
  #child
  #lines

  static async start(env) {
    const one = new Feeder()
    one.#child = startCommand(python, ['celery_feed.py'], {
      ...{ cwd, env, stdio: ['pipe', 'pipe', 'pipe'] },
    })
    one.#lines = createInterface({ input: one.#child.stdout })
    await once(one.#lines, 'line')
    return one
  }

  async feed(jobs) {
    const answered = once(this.#lines, 'line')
    this.#child.stdin.write(`${jobs}\n`)
    await answered
  }

  async close() {
    await end(this.#child)
  }
}

/** Counts what the last phase has put into a list. */
class Tally {
  done = 0
  #redis
  #isOpen = true

  constructor(port) {
    this.#redis = new Redis(port, '127.0.0.1')
    this.#redis.on('error', () => {})
    this.#count().catch((error) => this.#isOpen && console.error(error))
  }

  async untilDone(count) {
    await until(() => this.done >= count, 1)
  }

  close() {
    this.#isOpen = false
    this.#redis.disconnect()
  }

  async #count() {
    while (this.#isOpen) if ((await this.#redis.brpop('done', 1)) !== null) this.done += 1
  }
}

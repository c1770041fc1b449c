/** Two managers of one pipeline on a store that both may use, with workers and a client that know both. */
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { PipelineClient } from '../../../src/client/pipeline-client.ts'
import { until } from '../../wait.ts'
import { Bench } from '../processes.ts'
import { LoggedLines } from './watch.ts'

/** The ledger pipeline on the store that STORE_URL names. */
export const sharedStoreFile = fileURLToPath(
  new URL('../shared-store-pipeline.mjs', import.meta.url),
)

export class TwoManagers {
  readonly here: Bench
  readonly there: Bench
  readonly env: Readonly<Record<string, string>>
  readonly logs = new Map<ChildProcess, LoggedLines>()

  private constructor(here: Bench, there: Bench, storeUrl: string) {
    this.here = here
    this.there = there
    this.env = { STORE_URL: storeUrl, LEDGER: here.ledger }
  }

  static async open(storeUrl: string): Promise<TwoManagers> {
    return new TwoManagers(await Bench.open(), await Bench.open(), storeUrl)
  }

  manager(bench: Bench): ChildProcess {
    const child = bench.manager(sharedStoreFile, this.env)
    this.logs.set(child, new LoggedLines(child))
    return child
  }

  /** An owner, and one that stands by. */
  async managers(): Promise<[owner: ChildProcess, standby: ChildProcess]> {
    const owner = this.manager(this.here)
    await this.says(owner, 'is ready')
    const standby = this.manager(this.there)
    await this.says(standby, 'standing by')
    return [owner, standby]
  }

  /** Two workers of the first phase and one of the second, and a client once they can be granted jobs. */
  async workers(): Promise<PipelineClient> {
    for (const jobType of ['work', 'work', 'finish']) this.#worker(jobType)
    const client = await this.here.client(`${this.here.pull},${this.there.pull}`)
    await this.here.workersReady(client, { work: 2, finish: 1 })
    return client
  }

  async says(child: ChildProcess, what: string, times = 1): Promise<void> {
    const log = this.logs.get(child)
    await until(() => (log?.having(what).length ?? 0) >= times, { what, timeoutMs: 40_000 })
  }

  /** How often any of the managers has said so. */
  saidBy(what: string): number {
    return [...this.logs.values()].reduce((sum, log) => sum + log.having(what).length, 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.there.close()
    await this.here.close()
  }

  #worker(jobType: string): void {
    const links = [this.here, this.there].flatMap((bench) => [
      ...['--push-connect', bench.pull, '--pub-connect', bench.address(2)],
    ])
    const args = ['phase', sharedStoreFile, jobType, '--concurrency', '8', ...links]
    this.here.start(args, this.env)
  }
}

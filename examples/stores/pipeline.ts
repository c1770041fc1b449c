/** A pipeline whose jobs are on a Redis server. docs/how-to/choose-a-store.md and standby.md use it. */
// #region redis
import { Phase, Pipeline, RedisStorageBackend, chain } from 'carbontube'

export class Greet extends Phase {
  readonly jobType = 'greet'

  async execute(job: { name: string }) {
    return { greeting: `Good morning, ${job.name}` }
  }
}

export class Greetings extends Pipeline {
  readonly name = 'greetings'
  readonly phases = chain(Greet)

  initialize(): void {
    // With a password in it, the address belongs into the environment.
    const redisUri = process.env['REDIS_URI'] ?? 'redis://cache1:6379'
    this.backend = new RedisStorageBackend(this.name, { redisUri })
  }
}
// #endregion redis

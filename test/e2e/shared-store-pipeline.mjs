/** The ledger pipeline on a store for several managers, which STORE_URL names. */
import { PostgresStorageBackend, RedisStorageBackend } from 'carbontube'
import { Ledger as OnFile } from './ledger-pipeline.mjs'

export class Ledger extends OnFile {
  initialize() {
    const url = process.env.STORE_URL ?? ''
    this.backend = url.startsWith('redis:')
      ? new RedisStorageBackend(this.name, { redisUri: url })
      : new PostgresStorageBackend(this.name, { connectionString: url })
  }
}

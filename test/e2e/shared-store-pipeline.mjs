/**
 * The ledger pipeline on a store for several managers, which STORE_URL names: a URL of Postgres or Redis,
 * `sentinel:NAME@HOST:PORT,…` or `cluster:HOST:PORT,…`.
 */
import { PostgresStorageBackend, RedisStorageBackend } from 'carbontube'
import { Ledger as OnFile } from './ledger-pipeline.mjs'

const redisOptions = {
  redis: (_, redisUri) => ({ redisUri }),
  sentinel: (where) => {
    const [name, addresses] = where.split('@')
    return { sentinels: { name, addresses: addresses.split(',') } }
  },
  cluster: (where) => ({ cluster: where.split(',') }),
}

export class Ledger extends OnFile {
  initialize() {
    const url = process.env.STORE_URL ?? ''
    const [, kind, where] = /^(\w+):(.*)$/.exec(url) ?? []
    const options = redisOptions[kind]?.(where, url)
    this.backend =
      options === undefined
        ? new PostgresStorageBackend(this.name, { connectionString: url })
        : new RedisStorageBackend(this.name, options)
  }
}

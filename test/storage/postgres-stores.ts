/** Postgres stores of a test: each in a schema of its own, closed and dropped with it. */
import { PostgresStorageBackend } from '../../src/storage/postgres/postgres-storage.ts'
import type { PostgresStorageOptions } from '../../src/storage/postgres/postgres-storage.ts'
import { suitePipeline } from '../../src/testing/storage-suite.ts'
import type { PostgresServer } from '../servers/postgres-server.ts'

export class PostgresStores {
  readonly schema: string
  readonly #server: PostgresServer
  readonly #opened: PostgresStorageBackend[] = []

  constructor(server: PostgresServer) {
    this.#server = server
    this.schema = server.newSchema()
  }

  /** Not open yet. */
  one(more: PostgresStorageOptions = {}): PostgresStorageBackend {
    const options = { connectionString: this.#server.url(), schema: this.schema, ...more }
    const store = new PostgresStorageBackend(suitePipeline, options)
    this.#opened.push(store)
    return store
  }

  async open(more: PostgresStorageOptions = {}): Promise<PostgresStorageBackend> {
    const store = this.one(more)
    await store.open()
    return store
  }

  async end(): Promise<void> {
    for (const store of this.#opened.splice(0)) await store.close()
    await this.#server.query(`DROP SCHEMA IF EXISTS ${this.schema} CASCADE`)
  }
}

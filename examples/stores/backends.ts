/** The same pipeline on other stores. docs/how-to/choose-a-store.md quotes the regions. */
// #region imports
import { EphemeralStorageBackend, PostgresStorageBackend } from 'carbontube'
import { RedisStorageBackend, SqliteStorageBackend } from 'carbontube'
import { Greetings } from './pipeline.ts'
// #endregion imports

// #region memory
export class InMemory extends Greetings {
  override initialize(): void {
    this.backend = new EphemeralStorageBackend(this.name)
  }
}
// #endregion memory

// #region sqlite
export class OnFile extends Greetings {
  override initialize(): void {
    this.backend = new SqliteStorageBackend(this.name, {
      path: '/var/lib/greetings/jobs.db',
      freeBytesMin: 1024 ** 3,
    })
  }
}
// #endregion sqlite

// #region sentinels
export class BehindSentinels extends Greetings {
  override initialize(): void {
    this.backend = new RedisStorageBackend(this.name, {
      sentinels: { name: 'mymaster', addresses: ['cache1:26379', 'cache2:26379', 'cache3:26379'] },
    })
  }
}
// #endregion sentinels

// #region cluster
export class OnCluster extends Greetings {
  override initialize(): void {
    this.backend = new RedisStorageBackend(this.name, {
      cluster: ['cache1:6379', 'cache2:6379', 'cache3:6379'],
    })
  }
}
// #endregion cluster

// #region postgres
export class OnPostgres extends Greetings {
  override initialize(): void {
    this.backend = new PostgresStorageBackend(this.name, {
      connectionString: 'postgres://greetings@db1:5432/jobs',
      schema: 'greetings',
    })
  }
}
// #endregion postgres

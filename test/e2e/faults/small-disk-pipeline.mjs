/** The ledger pipeline with its store at another place, and a reserve that fits a small disk. */
import { SqliteStorageBackend } from 'carbontube'
import { Ledger } from '../ledger-pipeline.mjs'

export class SmallLedger extends Ledger {
  initialize() {
    const freeBytesMin = Number(process.env.FREE_BYTES_MIN)
    this.backend = new SqliteStorageBackend(this.name, { path: process.env.STORE, freeBytesMin })
  }
}

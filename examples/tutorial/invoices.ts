/**
 * A phase that may run twice for a job and leaves one row: docs/how-to/write-idempotent-phases.md quotes
 * the regions.
 */
// #region phase
import Database from 'better-sqlite3'
import { Phase, Pipeline, chain, type Context } from 'carbontube'

const table = `
  CREATE TABLE IF NOT EXISTS invoices (key TEXT PRIMARY KEY, fence TEXT NOT NULL, total INTEGER NOT NULL)`

const upsert = `
  INSERT INTO invoices (key, fence, total) VALUES (?, ?, ?)
  ON CONFLICT (key) DO UPDATE SET fence = excluded.fence, total = excluded.total
  WHERE excluded.fence >= invoices.fence`

export class RecordInvoice extends Phase {
  readonly jobType = 'record-invoice'
  #database: Database.Database | undefined

  setup() {
    this.#database = new Database(process.env['INVOICES'] ?? 'invoices.db')
    this.#database.exec(table)
  }

  teardown() {
    this.#database?.close()
  }

  execute(job: { total: number }, { idempotencyKey, fence }: Context) {
    const { changes } = this.#database!.prepare(upsert).run(idempotencyKey, fence, job.total)
    if (changes === 0) throw new Error('a later run of this job has written its invoice')
    return { invoice: idempotencyKey }
  }
}

export class Invoices extends Pipeline {
  readonly name = 'invoices'
  readonly phases = chain(RecordInvoice)
}
// #endregion phase

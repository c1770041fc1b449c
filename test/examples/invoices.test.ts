/** The invoice phase of the tutorial's folder leaves one row, whoever runs it and how often. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runInMemory } from '../../src/testing/index.ts'
import { Invoices, RecordInvoice } from '../../examples/tutorial/invoices.ts'
import { fakeContext } from './fake-context.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carbontube-invoices-'))
  vi.stubEnv('INVOICES', join(folder, 'invoices.db'))
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

function rows(): unknown[] {
  const database = new Database(join(folder, 'invoices.db'))
  try {
    return database.prepare('SELECT key, total FROM invoices').all()
  } finally {
    database.close()
  }
}

describe('record-invoice', () => {
  it('writes a row through the pipeline', async () => {
    const { output } = await runInMemory(Invoices, { total: 5 })
    expect(rows()).toEqual([{ key: output.invoice, total: 5 }])
  })

  it('refuses an earlier run that comes late, and takes a later one', () => {
    const [early, middle, late] = [1, 2, 3].map(() => fakeContext('record-invoice'))
    const phase = new RecordInvoice()
    phase.setup()
    phase.execute({ total: 2 }, middle!)
    expect(() => phase.execute({ total: 1 }, early!)).toThrow('a later run of this job')
    expect(rows()).toMatchObject([{ total: 2 }])
    phase.execute({ total: 3 }, late!)
    phase.execute({ total: 3 }, late!)
    phase.teardown()
    expect(rows()).toMatchObject([{ total: 3 }])
  })
})

/**
 * Brings a schema to this version, under a lock that lets one process do it at a time, in one transaction:
 * it is done as a whole or not at all. What is not ours, or newer, stays as it is.
 */
import { storeFailed, storeForeign } from '../storage-errors.ts'
import { inTransaction, type Session } from './connection.ts'
import { numberOf, textOf } from './rows.ts'
import { migrations, migrationTable, schemaVersion } from './schema.ts'
import { quoted } from './text.ts'

/** `server_version_num` of Postgres 13, the oldest that is not out of use for years. */
const serverVersionMin = 130_000

/** Throws CT_STORE_FOREIGN, CT_STORE_FAILED. */
export async function migrate(session: Session, schema: string, where: string): Promise<void> {
  await refuseServer(session, where)
  await inTransaction(session, async () => {
    await session.run(`SELECT pg_advisory_xact_lock(hashtext('carbontube'), hashtext('${schema}'))`)
    const version = await versionOf(session, schema, where)
    if (version > schemaVersion) {
      const newer = `its schema ${schema} has version ${version}, and this one knows ${schemaVersion}`
      throw storeForeign(where, newer)
    }
    if (version < schemaVersion) await upgrade(session, schema, version)
  })
}

async function refuseServer(session: Session, where: string): Promise<void> {
  const [row] = await session.rows(
    `SELECT current_setting('server_version_num')::integer, current_setting('server_version'),
      current_setting('server_encoding')`,
  )
  const [version, name, encoding] = row ?? []
  if (numberOf(version) < serverVersionMin) {
    throw storeFailed(where, `PostgreSQL ${textOf(name)} is too old: 13 or newer is needed`)
  }
  if (textOf(encoding) !== 'UTF8') {
    throw storeFailed(where, `the encoding of the database is ${textOf(encoding)}; UTF8 is needed`)
  }
}

/** 0 when there is nothing yet. */
async function versionOf(session: Session, schema: string, where: string): Promise<number> {
  const [found] = await session.rows(
    `SELECT to_regclass('${quoted(schema)}.${migrationTable}') IS NOT NULL,
      EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = '${schema}')`,
  )
  const [isOurs, hasRelations] = found ?? []
  if (isOurs !== true) {
    if (hasRelations === true) {
      throw storeForeign(where, `the schema ${schema} belongs to another application`)
    }
    return 0
  }
  const [row] = await session.rows(`SELECT max(version) FROM ${quoted(schema)}.${migrationTable}`)
  return numberOf(row?.[0])
}

async function upgrade(session: Session, schema: string, from: number): Promise<void> {
  if (from === 0) {
    // Who has no right to make schemas can be given an empty one.
    const [row] = await session.rows(`SELECT to_regnamespace('${quoted(schema)}') IS NULL`)
    if (row?.[0] === true) await session.run(`CREATE SCHEMA ${quoted(schema)}`)
    await session.run(
      `CREATE TABLE ${quoted(schema)}.${migrationTable} (version integer PRIMARY KEY, applied timestamptz NOT NULL)`,
    )
  }
  for (const [index, migration] of migrations.entries()) {
    const version = index + 1
    if (version <= from) continue
    await session.run(migration(quoted(schema)))
    await session.run(
      `INSERT INTO ${quoted(schema)}.${migrationTable} VALUES (${version}, clock_timestamp())`,
    )
  }
}

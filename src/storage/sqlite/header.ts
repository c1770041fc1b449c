/**
 * Looks at a file before SQLite does, so that a file that is not ours stays as it is, to the byte: SQLite
 * would roll back a journal, or write, before it says what it has opened. Offsets are those of
 * https://www.sqlite.org/fileformat.html, section 1.3. The fields that SQLite itself takes on trust are
 * checked against each other: this is where a cut or bit-flipped file shows.
 *
 * Only whoever holds the owner lock may call `inspectFile`: closing a file drops the POSIX locks that this
 * process has on it, those of SQLite included.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { storeForeign } from '../storage-errors.ts'

/** `CTub`, big-endian. */
export const applicationId = 0x43547562

/** Number of the schema that this version writes (`user_version`). */
export const schemaVersion = 1

const headerBytes = 100
const magic = 'SQLite format 3\0'

/** Whether there is anything in the file. Throws CT_STORE_FOREIGN when it is not a sound file of ours. */
export function inspectFile(path: string): 'new' | 'ours' {
  const logBytes = sizeOf(`${path}-wal`)
  const bytes = sizeOf(path)
  if (bytes === 0) {
    // SQLite would play the log into the new file.
    if (logBytes > 0) throw storeForeign(`${path}-wal`, `this log has lost its file ${path}`)
    return 'new'
  }
  const why = headerFault(readHeader(path), logBytes > 0 ? undefined : bytes)
  if (why !== undefined) throw storeForeign(path, why)
  return 'ours'
}

/**
 * Why a header is not one of ours; `undefined` when it is. `fileBytes` is `undefined` when the newest pages
 * may be in a log, so that the size proves nothing.
 */
export function headerFault(header: Buffer, fileBytes: number | undefined): string | undefined {
  if (header.length < headerBytes || header.toString('latin1', 0, 16) !== magic) {
    return 'this is not an SQLite database, or its header is damaged'
  }
  const owner = identityFault(header.readUInt32BE(68), header.readUInt32BE(60))
  if (owner !== undefined) return owner
  if (!isWellFormed(header)) return 'its header is damaged'
  if (fileBytes === undefined) return undefined

  const pageBytes = pageBytesOf(header)
  const pages = header.readUInt32BE(28)
  // Every SQLite since 2010 keeps the two counters equal: the page count is then valid.
  if (header.readUInt32BE(24) !== header.readUInt32BE(92)) return 'its header is damaged'
  if (fileBytes !== pages * pageBytes) {
    return `it is cut off or damaged: ${fileBytes} bytes instead of ${pages} pages of ${pageBytes}`
  }
  return header.readUInt32BE(32) > pages || header.readUInt32BE(36) > pages
    ? 'its header is damaged'
    : undefined
}

/** Why the two numbers are not those of a file of ours; `undefined` when they are. */
export function identityFault(application: number, version: number): string | undefined {
  if (application !== applicationId) return 'this file belongs to another application'
  if (version > schemaVersion) {
    return `schema ${version} is newer than this version of Carbontube (schema ${schemaVersion})`
  }
  return version < schemaVersion
    ? `schema ${version} is not known; the header is damaged`
    : undefined
}

function isWellFormed(header: Buffer): boolean {
  const pageBytes = pageBytesOf(header)
  const powerOfTwo = pageBytes >= 512 && (pageBytes & (pageBytes - 1)) === 0
  // 1 = rollback journal, 2 = write-ahead log; a file of ours is always the latter.
  const versions = header[18] === 2 && header[19] === 2
  const fractions = header[20] === 0 && header[21] === 64 && header[22] === 32 && header[23] === 32
  const format = header.readUInt32BE(44)
  const utf8 = header.readUInt32BE(56) === 1
  // No file of ours vacuums itself, and SQLite would move pages about in one that says so.
  const vacuum = header.readUInt32BE(52) === 0 && header.readUInt32BE(64) === 0
  const reserved = header.subarray(72, 92).every((byte) => byte === 0)
  const layout = powerOfTwo && versions && fractions && format >= 1 && format <= 4
  return layout && utf8 && vacuum && reserved
}

export function pageBytesOf(header: Buffer): number {
  const stored = header.readUInt16BE(16)
  return stored === 1 ? 65_536 : stored
}

export function readHeader(path: string): Buffer {
  const file = openSync(path, 'r')
  try {
    if (!fstatSync(file).isFile()) throw storeForeign(path, 'this is not a file')
    return readAt(file, 0, headerBytes)
  } finally {
    closeSync(file)
  }
}

/** Fewer bytes where the file ends. */
export function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, readSync(file, bytes, 0, length, position))
}

export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

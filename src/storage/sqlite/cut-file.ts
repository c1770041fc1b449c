/**
 * Whether a file that an owner left behind with its log has lost its end. Such a file may be shorter than
 * its header says, for a checkpoint that was broken off; but then the missing pages are in the log. SQLite
 * would not ask: it would write into what is left. https://www.sqlite.org/fileformat.html, section 4.
 *
 * Only for whoever holds the owner lock (`header.ts` says why): nobody may be writing either file.
 */
import { closeSync, openSync } from 'node:fs'
import { storeForeign } from '../storage-errors.ts'
import { pageBytesOf, readAt, readHeader, sizeOf } from './header.ts'

const logHeaderBytes = 32
const frameHeaderBytes = 24
/** SQLite locks bytes here, and never writes the page that they are in. */
const lockedByte = 2 ** 30

/** Throws CT_STORE_FOREIGN. For a file without a log see `inspectFile`. */
export function refuseCutFile(path: string): void {
  const log = openLog(`${path}-wal`)
  if (log === undefined) return
  try {
    const { pages, pageBytes, fileBytes } = readFile(path)
    const present = Math.floor(fileBytes / pageBytes)
    if (present >= pages) return
    const logged = pagesInLog(log, pageBytes)
    for (let page = present + 1; page <= pages; page += 1) {
      if (logged.has(page) || page === lockedByte / pageBytes + 1) continue
      const size = `${fileBytes} bytes instead of ${pages} pages of ${pageBytes}`
      throw storeForeign(path, `it is cut off: ${size}, and the log does not have the rest`)
    }
  } finally {
    closeSync(log)
  }
}

function openLog(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch {
    return undefined
  }
}

function readFile(path: string): { pages: number; pageBytes: number; fileBytes: number } {
  const header = readHeader(path)
  // Before SQLite 3.7 the count was not kept: the two counters differ then.
  const isCounted = header.readUInt32BE(24) === header.readUInt32BE(92)
  return {
    pages: isCounted ? header.readUInt32BE(28) : 0,
    pageBytes: pageBytesOf(header),
    fileBytes: sizeOf(path),
  }
}

/** Those since its last restart: frames that carry its salt. */
function pagesInLog(log: number, pageBytes: number): ReadonlySet<number> {
  const pages = new Set<number>()
  const salt = readAt(log, 16, 8)
  for (let at = logHeaderBytes; ; at += frameHeaderBytes + pageBytes) {
    const frame = readAt(log, at, frameHeaderBytes)
    if (frame.length < frameHeaderBytes || !frame.subarray(8, 16).equals(salt)) return pages
    pages.add(frame.readUInt32BE(0))
  }
}

/**
 * A program of its own: looks through a store file for damage and prints what it has found, as JSON. It
 * reads all of the file, and SQLite does not do that in slices: in the owner's process it would hold the
 * loop for seconds, and a second opening of the file there would cost the owner its locks (`header.ts`).
 */
import { setPriority } from 'node:os'
import { isCarbontubeError } from '../../errors/errors.ts'
import { StoreFile } from './store-file.ts'

function problemsOf(path: string): readonly string[] {
  try {
    const file = StoreFile.open(path)
    try {
      return file.quickCheck()
    } finally {
      file.close()
    }
  } catch (error) {
    if (isCarbontubeError(error) && error.code === 'CT_STORE_FOREIGN') return [error.message]
    throw error
  }
}

setPriority(10)
// oxlint-disable-next-line eslint/no-restricted-properties -- a program, if a small one: this is its option
const [, , path = ''] = process.argv
process.stdout.write(JSON.stringify(problemsOf(path)))

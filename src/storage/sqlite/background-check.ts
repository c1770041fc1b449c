/** Has a store file looked through for damage by another process (`check-file.ts`), beside its owner's work. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { storeFailed } from '../storage-errors.ts'

const program = fileURLToPath(new URL('check-file.js', import.meta.url))

/** Answers a line for each problem. Throws CT_STORE_FAILED when it cannot tell; `signal` ends it. */
export function checkInBackground(path: string, signal: AbortSignal): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    // Flags of ours (a debugger, a loader) are not for it.
    execFile(process.execPath, [program, path], { signal }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout) as string[])
      else reject(storeFailed(path, `it was not checked: ${stderr.trim() || error.message}`, error))
    })
  })
}

/**
 * Where the driver of a store is looked for: first in the user's project, because a globally installed
 * carbontube does not see its packages, then beside this file.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** How a module is loaded from one place. */
export type PackageRequire = (id: string) => unknown

/** The package from the first place that has it; `undefined` when none has. Its own errors are thrown. */
export function packageFrom(
  id: string,
  places: readonly PackageRequire[] = [
    createRequire(join(process.cwd(), 'package.json')),
    createRequire(import.meta.url),
  ],
): unknown {
  for (const load of places) {
    try {
      return load(id)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code !== 'MODULE_NOT_FOUND' || !message.includes(`'${id}'`)) throw error
    }
  }
  return undefined
}

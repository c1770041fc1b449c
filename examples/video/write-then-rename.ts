/**
 * An output appears complete or not at all. A phase may be killed in the middle, and two runs of it
 * may overlap for a moment (a worker that was thought dead): each writes under a name of its own,
 * and only a finished output takes the final name.
 */
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** `run` names this run of the phase: `context.fence` is different for every one. */
export async function writeThenRename(
  target: string,
  run: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(target), `.${run}-${basename(target)}`)
  await mkdir(dirname(target), { recursive: true })
  try {
    await write(temporary)
    // A rename replaces a file, but not a directory that has something in it.
    if ((await stat(temporary)).isDirectory()) await rm(target, { recursive: true, force: true })
    await rename(temporary, target)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

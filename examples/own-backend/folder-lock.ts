/**
 * One process per folder. The file `owner` says which process has it and when that began, since the same pid
 * comes back: after a restart of the machine, or as pid 1 of every container. The processes that ask must see
 * each other: one machine, one namespace of pids.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { storeHeld } from 'carbontube/storage'

export interface FolderLock {
  release(): void
}

/**
 * Takes the folder at once, or throws CT_STORE_HELD. Only one process may be in here at a time: the caller
 * holds LMDB's lock for writers, which the system takes from a process that dies.
 */
export function takeFolder(folder: string): FolderLock {
  const file = join(folder, 'owner')
  const [pid = '', start] = textOf(file)?.split(' ') ?? []
  // What cannot be read was being written when the power went: nobody has the folder.
  if (start !== undefined && startOf(pid) === start) throw storeHeld(folder, `process ${pid}`)
  writeFileSync(file, `${process.pid} ${startOf(process.pid)}`)
  return { release: () => rmSync(file, { force: true }) }
}

/** When the process started, in ticks since the machine did; `undefined` when it runs no more. */
function startOf(pid: number | string): string | undefined {
  if (process.platform !== 'linux') return isThere(Number(pid)) ? 'unknown' : undefined
  // The name of the program, in brackets, may hold anything; behind it come the state and, 20th, the start.
  const fields = textOf(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ')
  return fields?.[0] === 'Z' ? undefined : fields?.[19]
}

function isThere(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch (error) {
    // It is there, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** The package as it would be published, and what a test adds to a stranger's project to save time. */
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Then a project needs no driver, and there is nothing to tell about a missing one. */
export const hasOwnSqlite = process.getBuiltinModule('node:sqlite') !== undefined

/** Answers the path of the tarball. */
export function packInto(folder: string): string {
  const tarball = join(folder, 'carbontube.tgz')
  execFileSync(process.execPath, ['scripts/pack.mjs', tarball], { cwd: root })
  return tarball
}

/**
 * As after `npm install better-sqlite3@12`, but quicker: the driver that this repository has compiled, and
 * what it needs at run time, are copied instead of being fetched or compiled once more.
 */
export function addDriver(project: string): void {
  for (const name of ['better-sqlite3', 'bindings', 'file-uri-to-path']) {
    const installed = join(root, 'node_modules', name)
    const isNeeded = (path: string) => !/\/(deps|obj|obj\.target|src)$/.test(path)
    cpSync(installed, join(project, 'node_modules', name), { recursive: true, filter: isNeeded })
  }
}

/** As after `npm install --save-dev typescript@6 @types/node`: those of this repository, by links. */
export function addCompiler(project: string): void {
  for (const name of ['typescript', '@types', '.bin/tsc']) {
    const link = join(project, 'node_modules', name)
    rmSync(link, { recursive: true, force: true })
    symlinkSync(join(root, 'node_modules', name), link)
  }
}

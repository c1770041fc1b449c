// A folder of a user, made for a test: files by name, removed afterwards.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Writes the files and answers the folder. A package.json of an ESM project comes with it. */
export function projectFolder(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'carbontube-project-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries({ 'package.json': '{"type":"module"}', ...files })) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return folder
}

/** Two pipelines that share a phase, and a phase of its own; TypeScript. */
export const hashesTs = `
import { Phase, Pipeline, chain, type Context } from 'carbontube'

export abstract class Base extends Phase {
  log(context: Context) { context.log.info('hello') }
}
class Hash extends Base {
  readonly jobType = 'hash'
  execute(job: { path: string }, context: Context) { this.log(context); return { sha: job.path } }
}
class Remove extends Phase {
  readonly jobType = 'remove'
  execute(job: { path: string; sha: string }) { void job }
}
export class Alone extends Phase {
  readonly jobType = 'alone'
  execute() {}
}
export class Hashes extends Pipeline {
  readonly name = 'hashes'
  readonly phases = chain(Hash, Remove)
}
export class OnlyHashes extends Pipeline {
  readonly name = 'only-hashes'
  readonly phases = chain(Hash)
}
export const more = 5
`

/** One pipeline; JavaScript. */
export const plainJs = `
import { Phase, Pipeline, chain } from 'carbontube'
class Hash extends Phase {
  jobType = 'hash'
  execute(job) { return { sha: job.path } }
}
export default class Hashes extends Pipeline {
  name = 'hashes'
  phases = chain(Hash)
}
`

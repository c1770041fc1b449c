/** `doctor`: whether a store file is sound, and what is there to work with it. Reads only. */
import { existsSync, statSync } from 'node:fs'
import type { GlobalOptions } from '../config/commands.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { freeBytesBeside } from '../storage/sqlite/room.ts'
import { StoreFile } from '../storage/sqlite/store-file.ts'
import { isPipelineFile } from './backend-jobs.ts'
import { print, style, table } from './command-context.ts'

interface Check {
  readonly name: string
  /** Absent: a fact, neither good nor bad. */
  readonly isOk?: boolean
  readonly detail: string
}

export function doctor(path: string, options: GlobalOptions): Promise<number> {
  if (!existsSync(path)) {
    throw new CarbontubeError('CT_FILE_NOT_FOUND', `there is no file ${path}`, {
      details: { path },
    })
  }
  if (isPipelineFile(path)) {
    throw new CarbontubeError('CT_USAGE', `${path} is a pipeline file, not the file of a store`, {
      hint: 'Give the SQLite file in which the jobs are: .carbontube/NAME.db beside the manager, usually.',
      details: { path },
    })
  }
  const file = StoreFile.open(path)
  let checks: readonly Check[]
  try {
    checks = [...checkFile(file, path), ...checkDisk(file, path), ...describeRuntime(file)]
  } finally {
    file.close()
  }
  show(checks, options)
  const bad = checks.filter(({ isOk }) => isOk === false)
  if (bad.length === 0) return Promise.resolve(0)
  throw new CarbontubeError('CT_UNHEALTHY', `${path}: ${bad.map(({ name }) => name).join(', ')}`, {
    hint: 'A damaged file: stop the manager, keep a copy, restore a backup. A full disk: make room.',
    details: { checks: bad },
  })
}

function checkFile(file: StoreFile, path: string): Check[] {
  const { pipeline, jobTypes, schemaVersion, holder, ownedShards } = file.facts()
  const problems = file.quickCheck()
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  const owner = ownedShards === 0 ? 'released by its last owner' : 'in use, or its owner has died'
  return [
    { name: 'header', isOk: true, detail: `a store of ours, schema ${schemaVersion}` },
    {
      name: 'content',
      isOk: problems.length === 0,
      detail: problems.length === 0 ? 'no damage found (quick_check)' : problems.join('; '),
    },
    { name: 'pipeline', detail: `${pipeline}: ${jobTypes.join(' → ')}` },
    { name: 'owner', detail: `${owner}; opened by ${holder === '' ? 'nobody yet' : holder}` },
    { name: 'size', detail: `${shownBytes(statSync(path).size)}, log ${shownBytes(log)}` },
  ]
}

function checkDisk(file: StoreFile, path: string): Check[] {
  const { freeBytesMin, ballastBytes } = file.facts()
  const free = freeBytesBeside(path)
  const isOk = free >= freeBytesMin
  const least = `no new jobs are let in below ${shownBytes(freeBytesMin)}`
  const ballast = ballastBytes === 0 ? 'none: given up, or never made' : shownBytes(ballastBytes)
  return [
    { name: 'disk', isOk, detail: `${shownBytes(free)} free; ${least}` },
    { name: 'ballast', detail: ballast },
  ]
}

function describeRuntime(file: StoreFile): Check[] {
  const { driver, sqliteVersion } = file.facts()
  return [
    { name: 'driver', detail: `${driver}, SQLite ${sqliteVersion}` },
    { name: 'node', detail: process.versions.node },
    { name: 'aof', detail: 'n/a: that is for Redis' },
  ]
}

function show(checks: readonly Check[], options: GlobalOptions): void {
  if (options.json) {
    print({ healthy: checks.every(({ isOk }) => isOk !== false), checks })
    return
  }
  const rows = checks.map(({ name, isOk, detail }) => [name, verdict(isOk), detail])
  print(table(['check', '', ''], rows))
}

function verdict(isOk: boolean | undefined): string {
  if (isOk === undefined) return ''
  return isOk ? 'ok' : style('red', 'BAD')
}

function shownBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024
  return `${unit === 0 ? bytes : bytes.toFixed(1)} ${units[unit]}`
}

/**
 * The layer table is an allow-list in .dependency-cruiser.cjs. Here: that no folder is missing in it, and
 * that it refuses what it should. The real source is judged by `npm run check` (step `layers`).
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { files, root } from './repository.ts'

interface Row {
  readonly from: { readonly path: string }
  readonly to: { readonly path?: string; readonly dependencyTypes?: readonly string[] }
}
const { allowed } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
  allowed: readonly Row[]
}

/** Every folder with rights of its own: `src/x`, and `src/storage/x`. */
const folders = new Map(
  files
    .filter((file) => file.startsWith('src/') && file.endsWith('.ts'))
    .map((file) => {
      const depth = file.startsWith('src/storage/') ? 3 : 2
      return [dirname(file).split('/').slice(0, depth).join('/'), file]
    }),
)

/** Targets that exist, so that what is refused is the direction and not a missing file. */
const targets = [
  'src/core/spec.ts',
  'src/core/job.ts',
  'src/errors/errors.ts',
  'src/config/option.ts',
  'src/language/given.ts',
  'src/runtime/address.ts',
  'src/runtime/clock.ts',
  'src/wire/frame.ts',
  'src/pipeline/phase.ts',
  'src/transport/contract.ts',
  'src/transport/zeromq.ts',
  'src/storage/contract.ts',
  'src/storage/memory/store.ts',
  'src/storage/sqlite/store.ts',
  'src/manager/index.ts',
  'src/worker/worker.ts',
  'src/client/client.ts',
  'src/cli/main.ts',
  'src/testing/index.ts',
]

/** [importing file, what it imports]. */
const refused: readonly (readonly [string, string])[] = [
  ['src/core/a.ts', 'src/errors/errors.ts'],
  ['src/core/a.ts', 'node:path'],
  ['src/core/a.ts', 'src/language/given.ts'],
  ['src/language/a.ts', 'src/errors/errors.ts'],
  ['src/errors/a.ts', 'src/core/job.ts'],
  ['src/wire/a.ts', 'src/transport/contract.ts'],
  ['src/wire/a.ts', 'zeromq'],
  ['src/wire/a.ts', 'node:net'],
  ['src/pipeline/a.ts', 'src/core/job.ts'],
  ['src/storage/sqlite/a.ts', 'src/storage/memory/store.ts'],
  ['src/storage/memory/a.ts', 'better-sqlite3'],
  ['src/storage/memory/a.ts', 'src/wire/frame.ts'],
  ['src/transport/a.ts', 'src/wire/frame.ts'],
  ['src/transport/a.ts', 'src/storage/contract.ts'],
  ['src/manager/a.ts', 'zeromq'],
  ['src/manager/a.ts', 'better-sqlite3'],
  ['src/manager/a.ts', 'msgpackr'],
  ['src/manager/a.ts', 'node:net'],
  ['src/manager/a.ts', 'node:dns/promises'],
  ['src/manager/a.ts', 'src/transport/zeromq.ts'],
  ['src/manager/a.ts', 'src/storage/sqlite/store.ts'],
  ['src/manager/a.ts', 'src/worker/worker.ts'],
  ['src/worker/a.ts', 'src/manager/index.ts'],
  ['src/worker/a.ts', 'src/client/client.ts'],
  ['src/client/a.ts', 'src/worker/worker.ts'],
  ['src/client/a.ts', 'src/cli/main.ts'],
  ['src/dashboard/a.ts', 'src/manager/index.ts'],
  ['src/dashboard/a.ts', 'src/storage/contract.ts'],
  ['src/runtime/a.ts', 'src/config/option.ts'],
  ['src/config/a.ts', 'src/runtime/clock.ts'],
  ['src/config/a.ts', 'node:fs'],
  ['src/unheard-of/a.ts', 'src/core/job.ts'],
  ['sim/a.ts', 'src/transport/zeromq.ts'],
  ['sim/a.ts', 'src/manager/index.ts'],
  ['sim/a.ts', 'zeromq'],
  ['sim/a.ts', 'node:net'],
  ['examples/simple/a.ts', 'src/pipeline/phase.ts'],
  ['examples/own-backend/a.ts', 'src/storage/contract.ts'],
]

const permitted: readonly (readonly [string, string])[] = [
  ['src/core/b.ts', 'src/core/spec.ts'],
  ['src/config/b.ts', 'src/runtime/address.ts'],
  ['src/errors/b.ts', 'src/language/given.ts'],
  ['src/wire/b.ts', 'msgpackr'],
  ['src/pipeline/b.ts', 'src/core/spec.ts'],
  ['src/storage/sqlite/b.ts', 'better-sqlite3'],
  ['src/storage/sqlite/b.ts', 'src/storage/contract.ts'],
  ['src/transport/b.ts', 'zeromq'],
  ['src/manager/b.ts', 'src/storage/contract.ts'],
  ['src/manager/b.ts', 'node:fs'],
  ['src/worker/b.ts', 'src/pipeline/phase.ts'],
  ['src/cli/b.ts', 'src/storage/sqlite/store.ts'],
  ['src/cli/b.ts', 'commander'],
  ['sim/b.ts', 'src/storage/memory/store.ts'],
  ['examples/simple/b.ts', 'carbontube'],
  ['examples/own-backend/b.ts', 'carbontube/storage'],
]

let folder = ''
let complaints: ReadonlySet<string> = new Set()

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'carbontube-layers-'))
  plant(folder)
  complaints = cruise(folder)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the layer table', () => {
  it.each([...folders])('has a row for %s', (_, file) => {
    const rows = allowed.filter((row) => new RegExp(row.from.path).test(file))
    expect(rows.length).toBeGreaterThan(0)
  })

  it.each(refused)('keeps %s from %s', (from, to) => {
    expect([...complaints]).toContain(`${fileFor(from, to)} not-in-allowed`)
  })

  it.each(permitted)('lets %s have %s', (from, to) => {
    const file = fileFor(from, to)
    expect([...complaints].filter((complaint) => complaint.startsWith(`${file} `))).toEqual([])
  })

  it('refuses a circle, also of types', () => {
    expect([...complaints].join('\n')).toMatch(/^src\/core\/(round|about)\.ts no-cycles$/m)
  })
})

/** One importing file per case, so that a complaint belongs to it alone. */
function fileFor(from: string, to: string): string {
  return from.replace(/\.ts$/, `-${to.replaceAll(/[^a-z0-9]+/g, '-')}.ts`)
}

function plant(into: string): void {
  const write = (file: string, code: string) => {
    mkdirSync(dirname(join(into, file)), { recursive: true })
    writeFileSync(join(into, file), code)
  }
  for (const target of targets) write(target, `export type X = 1\n`)
  for (const [from, to] of [...refused, ...permitted]) {
    const up = '../'.repeat(from.split('/').length - 1)
    const specifier = to.startsWith('src/') ? `${up}${to}` : to
    write(fileFor(from, to), `export * as x from '${specifier}'\n`)
  }
  write('src/core/round.ts', `import type { Y } from './about.ts'\nexport type X = Y | 1\n`)
  write('src/core/about.ts', `import type { X } from './round.ts'\nexport type Y = X[]\n`)
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.base.json', 'package.json']) {
    cpSync(join(root, file), join(into, file))
  }
  symlinkSync(join(root, 'node_modules'), join(into, 'node_modules'))
}

/** `file rule` of every violation. */
function cruise(where: string): Set<string> {
  const depcruise = join(root, 'node_modules/.bin/depcruise')
  const run = spawnSync(
    depcruise,
    ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'src', 'sim', 'examples'],
    { cwd: where, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  )
  if (run.stdout === '') throw new Error(`dependency-cruiser did not answer: ${run.stderr}`)
  const { summary } = JSON.parse(run.stdout) as {
    summary: { violations: { from: string; rule: { name: string } }[] }
  }
  return new Set(summary.violations.map(({ from, rule }) => `${from} ${rule.name}`))
}

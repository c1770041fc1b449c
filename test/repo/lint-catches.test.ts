/**
 * A lint rule that is misspelt, or overridden by a later block, is silent. So every rule that the style
 * relies on gets a file that breaks it, and one run of oxlint with our configuration has to name each.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from './repository.ts'

interface Plant {
  readonly rule: string
  readonly file: string
  readonly code: string
}

const lines = (count: number) => `export const list = [\n${'  0,\n'.repeat(count)}]\n`
const longFunction = `export function long(): number {\n${'  list.push(0)\n'.repeat(71)}  return 0\n}\nconst list: number[] = []\n`
const colour = `type Colour = 'red' | 'green'\n`

const everywhere: readonly Plant[] = [
  {
    rule: 'typescript(no-floating-promises)',
    file: 'src/worker/floating.ts',
    code: `async function work() {\n  await Promise.resolve()\n}\nexport function f() {\n  work()\n}\n`,
  },
  {
    rule: 'typescript(no-misused-promises)',
    file: 'src/worker/misused.ts',
    code: `export function f(list: number[]) {\n  list.forEach(async (n) => {\n    await Promise.resolve(n)\n  })\n}\n`,
  },
  {
    rule: 'typescript(switch-exhaustiveness-check)',
    file: 'src/worker/inexhaustive.ts',
    code: `${colour}export function f(c: Colour) {\n  switch (c) {\n    case 'red':\n      return 1\n  }\n  return 2\n}\n`,
  },
  {
    rule: 'typescript(switch-exhaustiveness-check)',
    file: 'src/worker/hidden-by-default.ts',
    code: `${colour}export function f(c: Colour) {\n  switch (c) {\n    case 'red':\n      return 1\n    default:\n      return 2\n  }\n}\n`,
  },
  {
    rule: 'typescript(no-explicit-any)',
    file: 'src/worker/loose.ts',
    code: `export const x = (v: any) => v\n`,
  },
  {
    rule: 'typescript(consistent-type-imports)',
    file: 'src/worker/value-import.ts',
    code: `import { Thing } from './thing.ts'\nexport const f = (t: Thing) => t\n`,
  },
  {
    rule: 'typescript(only-throw-error)',
    file: 'src/worker/throws-text.ts',
    code: `export function f() {\n  throw 'no'\n}\n`,
  },
  {
    rule: 'import(no-default-export)',
    file: 'src/worker/default.ts',
    code: `export default 1\n`,
  },
  {
    rule: 'unicorn(filename-case)',
    file: 'src/worker/camelCase.ts',
    code: `export const x = 1\n`,
  },
  {
    rule: 'import(no-cycle)',
    file: 'src/worker/ping.ts',
    code: `import { pong } from './pong.ts'\nexport const ping = (): number => pong()\n`,
  },
  { rule: 'eslint(max-lines)', file: 'src/worker/tall.ts', code: lines(400) },
  { rule: 'eslint(max-lines)', file: 'src/core/dispatcher.ts', code: lines(300) },
  { rule: 'eslint(max-lines)', file: 'src/manager/index.ts', code: lines(300) },
  { rule: 'eslint(max-lines)', file: 'test/worker/tall.test.ts', code: lines(500) },
  { rule: 'eslint(max-lines-per-function)', file: 'src/worker/long.ts', code: longFunction },
  {
    rule: 'eslint(max-params)',
    file: 'src/worker/many.ts',
    code: `export const f = (a: number, b: number, c: number, d: number, e: number) => [a, b, c, d, e]\n`,
  },
  { rule: 'eslint(no-console)', file: 'src/worker/chatty.ts', code: `console.log(1)\nexport {}\n` },
  ...['env', 'argv', 'exit(1)', 'exitCode'].map((what, index) => ({
    rule: 'eslint(no-restricted-properties)',
    file: `src/manager/process-${index}.ts`,
    code: `export const x = process.${what}\n`,
  })),
  {
    rule: 'eslint(no-restricted-properties)',
    file: 'src/manager/process-destructured.ts',
    code: `const { env } = process\nexport const x = env\n`,
  },
  {
    rule: 'eslint(no-restricted-properties)',
    file: 'src/manager/process-of-global.ts',
    code: `export const x = globalThis.process.env\n`,
  },
  {
    rule: 'eslint(no-restricted-imports)',
    file: 'src/manager/process-imported.ts',
    code: `import { env } from 'node:process'\nexport const x = env\n`,
  },
]

/** Each is the right-hand side of `export const x = …` in a file of the core. */
const globalsOfCore: readonly string[] = [
  `new Date()`,
  `Date.now()`,
  `globalThis.Date.now()`,
  `performance.now()`,
  `crypto.randomUUID()`,
  `process.pid`,
  `process.hrtime()`,
  `setTimeout(() => {}, 1)`,
  `setInterval(() => {}, 1)`,
  `setImmediate(() => {})`,
  `queueMicrotask(() => {})`,
  `Promise.resolve(1)`,
  `new Intl.Collator()`,
]

const core: readonly Plant[] = [
  ...globalsOfCore.map((code, index) => ({
    rule: 'eslint(no-restricted-globals)',
    file: `src/core/global-${index}.ts`,
    code: `export const x = ${code}\n`,
  })),
  {
    rule: 'eslint(no-restricted-properties)',
    file: 'src/core/chance.ts',
    code: `export const x = Math.random()\n`,
  },
  {
    rule: 'eslint(no-restricted-properties)',
    file: 'src/core/locale.ts',
    code: `export const f = (a: string, b: string) => a.localeCompare(b)\n`,
  },
  {
    rule: 'oxc(no-async-await)',
    file: 'src/core/async.ts',
    code: `export async function f() {\n  return 1\n}\n`,
  },
  {
    rule: 'typescript(no-restricted-types)',
    file: 'src/core/promise-type.ts',
    code: `export type X = Promise<number>\n`,
  },
  ...['node:fs', 'fs', 'msgpackr', '../errors/errors.ts', './../errors/errors.ts'].map(
    (from, index) => ({
      rule: 'eslint(no-restricted-imports)',
      file: `src/core/import-${index}.ts`,
      code: `export * as x from '${from}'\n`,
    }),
  ),
  {
    rule: 'typescript(require-array-sort-compare)',
    file: 'src/core/sorted.ts',
    code: `export const f = (list: number[]) => list.sort()\n`,
  },
]

const tests: readonly Plant[] = [
  ...['setTimeout', 'setInterval', 'globalThis.setTimeout'].map((what, index) => ({
    rule: 'eslint(no-restricted-globals)',
    file: `test/worker/sleeps-${index}.test.ts`,
    code: `export const x = ${what}(() => {}, 10)\n`,
  })),
  {
    rule: 'eslint(no-restricted-imports)',
    file: 'test/worker/sleeps-politely.test.ts',
    code: `import { setTimeout as sleep } from 'node:timers/promises'\nawait sleep(10)\n`,
  },
  {
    rule: 'vitest(no-focused-tests)',
    file: 'test/worker/focused.test.ts',
    code: `import { it } from 'vitest'\nit.only('runs alone', () => {})\n`,
  },
]

/** What the rules must leave alone: a rule that always fires would pass the tests above. */
const innocent: Readonly<Record<string, string>> = {
  'src/core/tidy.ts': `${colour}export function f(c: Colour): number {\n  switch (c) {\n    case 'red':\n      return Math.trunc(1.5)\n    case 'green':\n      return 2\n    default:\n      return c\n  }\n}\n`,
  'src/core/neighbour.ts': `import { f } from './tidy.ts'\nexport const g = f\n`,
  'src/cli/allowed.ts': `console.log(process.argv, process.env)\nexport const x = () => process.exit(1)\n`,
  'src/manager/pid.ts': `export const x = process.pid\n`,
  'scripts/prints.ts': `console.log('a script talks')\nexport {}\n`,
  'test/wait.ts': `export const sleep = (f: () => void) => setTimeout(f, 10)\n`,
  'test/worker/long.test.ts': `import { describe } from 'vitest'\ndescribe('a thing', () => {\n${'  list.push(0)\n'.repeat(80)}})\nconst list: number[] = []\n`,
}

const support: Readonly<Record<string, string>> = {
  'src/worker/thing.ts': `export class Thing {}\n`,
  'src/worker/pong.ts': `import { ping } from './ping.ts'\nexport const pong = (): number => ping()\n`,
}

let folder = ''
let found: ReadonlyMap<string, readonly string[]> = new Map()

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'carbontube-lint-'))
  plant(folder)
  found = lint(folder)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each([
  ['the rules for every file', everywhere],
  ['the rules for the core', core],
  ['the rules for tests', tests],
])('%s', (_, plants) => {
  it.each(plants)('$rule is caught in $file', ({ rule, file }) => {
    expect(found.get(file) ?? []).toContain(rule)
  })
})

describe('what is allowed', () => {
  it.each(Object.keys(innocent))('%s has no complaint', (file) => {
    expect(found.get(file) ?? []).toEqual([])
  })
})

function plant(into: string): void {
  const planted = [...everywhere, ...core, ...tests].map(({ file, code }) => [file, code] as const)
  const others = [...Object.entries(innocent), ...Object.entries(support)]
  for (const [file, code] of [...planted, ...others]) {
    mkdirSync(dirname(join(into, file)), { recursive: true })
    writeFileSync(join(into, file), code)
  }
  cpSync(join(root, '.oxlintrc.json'), join(into, '.oxlintrc.json'))
  cpSync(join(root, 'tsconfig.base.json'), join(into, 'tsconfig.base.json'))
  writeFileSync(
    join(into, 'tsconfig.json'),
    JSON.stringify({
      extends: './tsconfig.base.json',
      compilerOptions: { types: ['node'], composite: false, noEmit: true },
    }),
  )
  symlinkSync(join(root, 'node_modules'), join(into, 'node_modules'))
}

/** Rules that complained, by file. */
function lint(where: string): Map<string, string[]> {
  const oxlint = join(root, 'node_modules/.bin/oxlint')
  const run = spawnSync(oxlint, ['--format', 'json', 'src', 'test', 'scripts'], {
    cwd: where,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const byFile = new Map<string, string[]>()
  for (const { filename, code } of diagnosticsOf(run.stdout, run.stderr)) {
    byFile.set(filename, [...(byFile.get(filename) ?? []), code])
  }
  return byFile
}

function diagnosticsOf(stdout: string, stderr: string): { filename: string; code: string }[] {
  try {
    return (JSON.parse(stdout) as { diagnostics: { filename: string; code: string }[] }).diagnostics
  } catch (cause) {
    throw new Error(`oxlint did not answer with JSON: ${stdout}${stderr}`, { cause })
  }
}

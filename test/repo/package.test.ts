/**
 * Versions that may not drift: Node 20 is the floor, and the next major of several tools refuses it.
 * Reasons: docs/decisions/0001-toolchain.md and 0002-runtime-dependencies.md.
 */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { root, textOf } from './repository.ts'

type Versions = Readonly<Record<string, string>>
const manifest = JSON.parse(textOf('package.json')) as {
  readonly version: string
  readonly engines: Versions
  readonly dependencies: Versions
  readonly devDependencies: Versions
  readonly peerDependencies: Versions
  readonly peerDependenciesMeta: Readonly<Record<string, { optional?: boolean }>>
}

const lines: readonly (readonly [string, RegExp])[] = [
  ['typescript', /^~6\.0\./],
  ['oxlint', /^~1\.94\./],
  ['oxlint-tsgolint', /^~7\.0\./],
  ['prettier', /^~3\.10\./],
  ['dependency-cruiser', /^~17\.4\./],
  ['vitest', /^~4\.1\./],
  ['fast-check', /^\^4\./],
  ['knip', /^\^6\./],
  ['publint', /^\^0\.3\./],
  ['@arethetypeswrong/cli', /^\^0\.18\./],
  ['typedoc', /^\^0\.28\./],
  ['typedoc-plugin-markdown', /^~4\.14\./],
  ['@types/node', /^\^20\./],
  ['better-sqlite3', /^\^12\./],
  ['ioredis', /^\^5\./],
  ['pg', /^\^8\./],
  ['@opentelemetry/api', /^~1\.9\./],
  ['@opentelemetry/sdk-trace-base', /^\^2\./],
  ['@opentelemetry/context-async-hooks', /^\^2\./],
]

const runtime = [
  '@hono/node-server',
  '@standard-schema/spec',
  'ajv',
  'cli-progress',
  'commander',
  'hono',
  'jiti',
  'json5',
  'msgpackr',
  'prom-client',
  'uuid',
  'zeromq',
]

/** One for each store that needs one, and for tracing: installed by who uses it, in the version that is tested. */
const drivers = ['@opentelemetry/api', 'better-sqlite3', 'ioredis', 'pg']

describe('package.json', () => {
  it.each(lines)('keeps %s on the line that runs on Node 20', (name, line) => {
    expect(manifest.devDependencies[name]).toMatch(line)
  })

  it('has Node 20.19 as its floor', () => {
    expect(manifest.engines['node']).toBe('>=20.19')
  })

  it('keeps commander on the line that runs on Node 20', () => {
    expect(manifest.dependencies['commander']).toMatch(/^\^14\./)
  })

  it('depends at run time on what decision 0002 lists, and on nothing else', () => {
    expect(Object.keys(manifest.dependencies).toSorted()).toEqual(runtime)
    const decision = textOf('docs/decisions/0002-runtime-dependencies.md')
    expect(runtime.filter((name) => !decision.includes(`\`${name}\``))).toEqual([])
  })

  it.each(drivers)('asks for %s only of those who use its store', (driver) => {
    // A later minor of the API of OpenTelemetry is as good; it is the SDK of our tests that wants 1.9.
    const tested = manifest.devDependencies[driver]?.replace(/^~/, '^')
    expect(manifest.peerDependencies[driver]).toBe(tested)
    expect(manifest.peerDependenciesMeta[driver]?.optional).toBe(true)
  })

  it('has no peers but the drivers of the stores', () => {
    expect(Object.keys(manifest.peerDependencies).toSorted()).toEqual(drivers)
  })
})

describe('package-lock.json', () => {
  it('is of the same version', () => {
    const lock = JSON.parse(textOf('package-lock.json')) as { readonly version: string }
    expect(lock.version).toBe(manifest.version)
  })
})

describe('the packed documents', () => {
  const answer = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [pack] = JSON.parse(answer) as { files: { path: string }[] }[]
  const packed = new Set(pack?.files.map(({ path }) => path))

  it('link only to what is packed with them, or to the folders that README.md names', () => {
    const pages = [...packed].filter((path) => path.endsWith('.md'))
    expect(pages).toContain('docs/tutorial.md')
    const lost = pages.flatMap((page) =>
      [...textOf(page).matchAll(/\]\((?!https?:|#)([^)\s#]+)/g)].flatMap(([, link = '']) => {
        const target = new URL(link, `file:///${page}`).pathname.slice(1)
        const isThere = [...packed].some((path) => path === target || path.startsWith(`${target}/`))
        return isThere || /^(examples|bench|sim|src|test)\//.test(target)
          ? []
          : [`${page}: ${link}`]
      }),
    )
    expect(lost).toEqual([])
  })
})

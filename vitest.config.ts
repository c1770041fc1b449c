// Five projects, because their tests want different things of the machine: `unit` runs files side by
// side, `conformance` opens real stores and sockets, `e2e` starts processes and has the machine to itself,
// `faults` starts processes too and mostly waits: for a silence to be noticed, for a sleeper to wake.
// `browser` has a browser beside them, and one page at a time keeps its times worth something.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const conformance = ['test/storage/**/*.test.ts', 'test/transport/**/*.test.ts']
const faults = ['test/e2e/faults/**/*.test.ts']
const e2e = ['test/e2e/**/*.test.ts']
const browser = ['test/browser/**/*.test.ts']

/**
 * What `TESTS=quick`, so `make test` at home, leaves to CI: what is slow, and has a quicker one beside it that
 * breaks when the same thing breaks.
 */
const leftToCi = [
  'test/e2e/faults/**',
  ...[
    'chaos',
    'package-install',
    'operations',
    'several-boxes',
    'rolling-upgrade',
    'own-backend',
  ].map((name) => `test/e2e/${name}.test.ts`),
  ...['redis-cluster', 'redis-faults', 'redis-limits', 'postgres-faults', 'own-backend'].map(
    (name) => `test/storage/${name}.test.ts`,
  ),
  'test/storage/*-model.test.ts',
  'test/browser/!(overview|every-page).test.ts',
  'test/{sim/mutants,repo/bench}.test.ts',
]
const left = process.env['TESTS'] === 'quick' ? leftToCi : []

/** Examples import the package by name; in tests that is the source, never a stale `dist`. */
const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const resolve = {
  alias: [
    { find: /^carbontube$/, replacement: source('./src/index.ts') },
    { find: /^carbontube\/storage$/, replacement: source('./src/storage/index.ts') },
    { find: /^carbontube\/testing$/, replacement: source('./src/testing/index.ts') },
  ],
}

export default defineConfig({
  test: {
    // Native modules (zeromq, better-sqlite3) want a process each, not a thread.
    pool: 'forks',
    maxWorkers: 2,
    restoreMocks: true,
    allowOnly: false,
    teardownTimeout: 30_000,
    projects: [
      {
        resolve,
        test: {
          name: 'unit',
          // Not `examples/**`: the video example has this repository in its node_modules.
          include: ['test/**/*.test.ts', 'examples/*/*.test.ts'],
          exclude: [...conformance, ...e2e, ...browser, ...left],
          testTimeout: 10_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        resolve,
        test: {
          name: 'conformance',
          include: conformance,
          exclude: left,
          // A hundred thousand jobs take their time on a machine that does something else.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        resolve,
        test: {
          name: 'e2e',
          include: e2e,
          exclude: [...faults, ...left],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        resolve,
        test: {
          name: 'faults',
          include: faults,
          exclude: left,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 3,
          sequence: { groupOrder: 3 },
        },
      },
      {
        resolve,
        test: {
          name: 'browser',
          include: browser,
          exclude: left,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
})

/** The benchmarks themselves: their page is made from what was measured, and the core has not become slower. */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { waitsWhenDealt } from '../../bench/dealt-out.mjs'
import { root } from './repository.ts'

const hasValgrind = spawnSync('valgrind', ['--version']).error === undefined
const skipped = hasValgrind ? '' : ' [skipped: valgrind is not installed]'

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    ...{ cwd: root, encoding: 'utf8' },
  })
  return { status, output: stdout + stderr }
}

describe('the page of the benchmarks', () => {
  it('has the tables and charts of the saved results', () => {
    expect(run('bench/publish.mjs', '--check')).toEqual({ status: 0, output: '' })
  }, 60_000)
})

describe('the core, as time goes by', () => {
  it('leaves hardly anything that only a full collection removes', () => {
    const { status, output } = run('--trace-gc', 'bench/core-path.mjs', '100000')
    expect(status, output).toBe(0)
    // 8 of them when an outgrown table of a Map keeps the next one alive: see src/core/transient-map.ts.
    expect((output.match(/Mark-Compact/g) ?? []).length).toBeLessThan(4)
  }, 60_000)

  it('does not build new jobs again because others came out of the store', () => {
    const { status, output } = run('--trace-migration', 'bench/core-path.mjs', '40000', 'cold')
    expect(status, output.slice(0, 2_000)).toBe(0)
    // What moved at all, when V8 saw the first of its kind: without it the flag would say nothing any more.
    expect(output).toContain('migrating')
    // 1,302 when the sequence in a row is computed with floats: see src/storage/sqlite/rows.ts.
    expect((output.match(/migrating\]\S*sequence/g) ?? []).length).toBeLessThan(100)
  }, 60_000)
})

describe.skipIf(!hasValgrind)(`the core${skipped}`, () => {
  it('takes no more instructions a job than a tenth above the saved count', () => {
    const { status, output } = run('bench/run.mjs', 'counts', '--check')
    expect(status, output).toBe(0)
  }, 180_000)
})

describe('jobs that are dealt out in turns', () => {
  const long = { atMs: 0, ms: 100 }
  const short = { atMs: 1, ms: 1 }

  it('wait behind a long one of their worker, though another is free', () => {
    const settings = { workers: 2, slots: 1, heldMax: Infinity }
    expect(waitsWhenDealt([long, short, short], settings)).toEqual([0, 0, 99])
  })

  it('go to the free worker when each holds only what it runs', () => {
    const settings = { workers: 2, slots: 1, heldMax: 1 }
    expect(waitsWhenDealt([long, short, short], settings)).toEqual([0, 0, 1])
  })

  it('wait at the broker, in their order, while all workers hold what they may', () => {
    const settings = { workers: 1, slots: 1, heldMax: 2 }
    expect(waitsWhenDealt([long, short, short], settings)).toEqual([0, 99, 100])
  })
})

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

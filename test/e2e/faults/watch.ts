/** What a process does while it is tormented: the memory it has, and the lines it logs. */
import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { until } from '../../wait.ts'

const MiB = 1024 * 1024

export function residentBytes({ pid }: ChildProcess): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1_024
}

/** The least of some looks, a moment apart: what is only waiting for the garbage collector is no leak. */
export async function settledBytes(child: ChildProcess): Promise<number> {
  let least = Infinity
  const endMs = performance.now() + 1_500
  await until(
    () => {
      least = Math.min(least, residentBytes(child))
      return performance.now() > endMs
    },
    { what: 'the memory has been looked at for a while' },
  )
  return least
}

/** `growth` names what was done meanwhile. */
export function expectFlat(before: number, after: number, maxMiB: number, growth: string): void {
  expect(Math.round((after - before) / MiB), `MiB more after ${growth}`).toBeLessThan(maxMiB)
}

export function openFiles({ pid }: ChildProcess): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** What a process says and logs, line by line. */
export class LoggedLines {
  readonly child: ChildProcess
  readonly #lines: string[] = []

  constructor(child: ChildProcess) {
    this.child = child
    for (const stream of [child.stdout, child.stderr]) {
      let rest = ''
      stream?.on('data', (text: Buffer) => {
        const lines = (rest + text.toString()).split('\n')
        rest = lines.pop() ?? ''
        this.#lines.push(...lines)
      })
    }
  }

  get all(): readonly string[] {
    return this.#lines
  }

  having(part: string): readonly string[] {
    return this.#lines.filter((line) => line.includes(part))
  }

  /**
   * From the first line with that part to the last, by the clock of the process, and how many there are. A
   * single gap says little: the process may have paused between its look at the clock and the line.
   */
  spanOf(part: string): { lines: number; seconds: number } {
    const timesMs = this.having(part).map((line) => Date.parse(timeOf(line)))
    const spanMs = (timesMs.at(-1) ?? 0) - (timesMs[0] ?? 0)
    return { lines: timesMs.length, seconds: spanMs / 1_000 }
  }
}

function timeOf(line: string): string {
  return (JSON.parse(line) as { time: string }).time
}

/** With what they said last, if they are not. */
export function expectAlive(logs: readonly LoggedLines[]): void {
  for (const { child, all } of logs) {
    const { exitCode, signalCode } = child
    expect({ exitCode, signalCode }, all.slice(-5).join('\n')).toEqual({
      ...{ exitCode: null, signalCode: null },
    })
  }
}

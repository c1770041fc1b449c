/** Starts managers and workers that die at a named point (`crashing-main.mjs`). */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { Checkpoint } from '../../../src/runtime/checkpoint.ts'
import { ledgerFile, type Bench } from '../processes.ts'

const main = fileURLToPath(new URL('crashing-main.mjs', import.meta.url))

/** The point, and at which passing of it. */
type Crash<P extends string> = `${Extract<Checkpoint, `${P}.${string}`>}:${number}`

export function crashingManager(bench: Bench, at: Crash<'manager'>): ChildProcess {
  const doors = { CARBONTUBE_PULL_BIND: bench.pull, CARBONTUBE_SUB_BIND: bench.address(2) }
  return start(bench, ['pipeline', ledgerFile], { ...doors, CARBONTUBE_CRASH_AT: at })
}

export function crashingWorker(bench: Bench, jobType: string, at: Crash<'worker'>): ChildProcess {
  return start(bench, ['phase', ledgerFile, jobType], {
    ...{ CARBONTUBE_PUSH_CONNECT: bench.pull, CARBONTUBE_PUB_CONNECT: bench.address(2) },
    ...{ CARBONTUBE_CONCURRENCY: '4', CARBONTUBE_CRASH_AT: at },
  })
}

function start(bench: Bench, args: readonly string[], env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: bench.folder,
    env: { ...process.env, LEDGER: bench.ledger, CARBONTUBE_LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'inherit', 'ignore'],
  })
  return bench.spawned(child)
}

/** Waits until it has died at its point, and not otherwise. */
export async function crashed(child: ChildProcess): Promise<void> {
  if (child.signalCode === null && child.exitCode === null) await once(child, 'exit')
  expect(child.signalCode).toBe('SIGKILL')
}

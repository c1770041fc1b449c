/**
 * What ends a command that runs until it is stopped. SIGTERM or SIGINT once: drain, with the deadline shown;
 * twice: stop now. A worker of a bundle drains as well when its bundle is gone.
 */
import type { Service } from '../runtime/service.ts'
import { say } from './command-context.ts'

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const

/**
 * Resolves at the first signal. Asked for before a command says that it is ready: who reads that may stop it
 * at once.
 */
export function stopSignal(drainMs: number): Promise<0> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.once(name, () => {
        process.once(name, () => process.exit(exitCodes[name]))
        // Of a command that runs nothing there is nothing to wait for.
        if (drainMs > 0) {
          say(`stopping: up to ${drainMs / 1_000} s for what runs; again to stop now`)
        }
        resolve(0)
      })
    }
  })
}

/** Of a command that would end by itself: resolves at the first signal, with the exit code of its kind. */
export function interruption(): Promise<number> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.once(name, () => resolve(exitCodes[name]))
    }
  })
}

/** Of a command that shows on and on: resolves when whoever read it has read enough, `carbontube logs … | head -1`. */
export function readerGone(): Promise<0> {
  return new Promise((resolve) => process.stdout.once('error', () => resolve(0)))
}

/** Set for a process that a bundle has started; the channel between them closes with the bundle. */
export const bundledVariable = 'CARBONTUBE_BUNDLED'

/** What a worker tells the bundle that started it: it takes jobs; it has left by a manager's order. */
export type WorkerNews = 'carbontube:ready' | 'carbontube:drained'

/** Nobody else is told: a program that has forked a worker may mean something else by its channel. */
export function tellBundle(news: WorkerNews): void {
  if (process.env[bundledVariable] !== undefined && process.connected) process.send?.(news)
}

/**
 * Resolves when the bundle that started this process is gone, in whatever way: also kill -9 closes the channel,
 * and a bundle that only sleeps keeps it open. Never for a process that somebody else started.
 */
export function bundleGone(): Promise<0> {
  return new Promise((resolve) => {
    if (process.env[bundledVariable] === undefined || process.send === undefined) return
    const leave = () => {
      say('the bundle that started this worker is gone: stopping')
      resolve(0)
    }
    // While the pipeline file was loaded nobody listened.
    if (process.connected) process.once('disconnect', leave)
    else leave()
  })
}

/** Runs until one of `ends`: a signal, a failure, an order to leave; answers that one's exit code. */
export async function runUntilStopped(
  service: Service,
  ...ends: readonly Promise<number>[]
): Promise<number> {
  const code = await Promise.race(ends)
  await service.stop()
  return code
}

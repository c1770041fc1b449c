/** SIGTERM or SIGINT once: drain, with the deadline shown. Twice: stop now. */
import type { Service } from '../runtime/service.ts'
import { say } from './command-context.ts'

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const

/** Runs until a signal, or until it has `failed` (or is to end) by itself; answers the exit code. */
export async function runUntilStopped(
  service: Service,
  { drainMs, failed }: { drainMs: number; failed?: Promise<number> },
): Promise<number> {
  const signal = new Promise<0>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.once(name, () => {
        process.once(name, () => process.exit(exitCodes[name]))
        say(`stopping: up to ${drainMs / 1_000} s for what runs; again to stop now`)
        resolve(0)
      })
    }
  })
  const code = await Promise.race([signal, ...(failed === undefined ? [] : [failed])])
  await service.stop()
  return code
}

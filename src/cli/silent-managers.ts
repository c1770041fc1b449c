/**
 * A worker is ready as soon as it listens, and then waits: for a manager that is not there yet, or for ever at an
 * address where none is. Whoever started it is told.
 */
import { say } from './command-context.ts'

const patienceMs = 5_000

/** Says so when nobody has answered for a while; and, only after that, who did. */
export async function tellOfSilence(
  addresses: readonly string[],
  answered: Promise<string>,
): Promise<void> {
  let isTold = false
  const timer = setTimeout(() => {
    isTold = true
    const where = addresses.join(', ')
    say(`no manager has answered yet at ${where}: is it running, and is that its pull door?`)
  }, patienceMs)
  // A worker that has been stopped meanwhile does not wait for this.
  timer.unref()
  const manager = await answered
  clearTimeout(timer)
  if (isTold) say(`manager ${manager} has answered`)
}

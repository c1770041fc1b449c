/**
 * Waiting for jobs, for a day if need be, in turns of some minutes: a manager cannot see that a client is gone, and
 * would keep what it waits for until then.
 */
import { systemClock } from '../runtime/clock.ts'
import type { SettledItem } from '../wire/replies.ts'

export interface WaitFor {
  readonly ids: readonly string[]
  readonly timeoutMs: number
}

type OnItems = (items: readonly SettledItem[]) => void

/** Long enough to cost nothing: with each turn the manager looks up what is still open. */
const turnMsDefault = 300_000

/** `ask` waits once, and resolves when each job was answered, be it with `timedOut`. */
export async function waitInTurns(
  { ids, timeoutMs, turnMs = turnMsDefault }: WaitFor & { readonly turnMs?: number },
  ask: (turn: WaitFor, onItems: OnItems) => Promise<void>,
  onSettled: OnItems,
): Promise<void> {
  const endMs = systemClock.nowMs() + timeoutMs
  for (let open = ids; open.length > 0;) {
    const leftMs = Math.max(0, endMs - systemClock.nowMs())
    const isLast = leftMs <= turnMs
    const isOpen = ({ state }: SettledItem) => state === 'timedOut' && !isLast
    const again: string[] = []
    await ask({ ids: open, timeoutMs: Math.min(leftMs, turnMs) }, (items) => {
      again.push(...items.filter(isOpen).map(({ id }) => id))
      const told = items.filter((item) => !isOpen(item))
      if (told.length > 0) onSettled(told)
    })
    open = again
  }
}

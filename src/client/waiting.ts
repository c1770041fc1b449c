/**
 * Waiting for jobs, for a day if need be, in turns of some minutes: a manager cannot see that a client is gone, and
 * would keep what it waits for until then.
 */
import { isCarbontubeError } from '../errors/errors.ts'
import { systemClock } from '../runtime/clock.ts'
import type { SettledItem } from '../wire/replies.ts'

export interface WaitFor {
  readonly ids: readonly string[]
  readonly timeoutMs: number
}

type OnItems = (items: readonly SettledItem[]) => void

/** Long enough to cost nothing: with each turn the manager looks up what is still open. */
const turnMsDefault = 300_000

/**
 * `ask` waits once, and resolves when each job was answered, be it with `timedOut`. A turn that ends without an
 * answer (its manager is away just then) is a turn like any other: only the last one may fail for that.
 */
export async function waitInTurns(
  { ids, timeoutMs, turnMs = turnMsDefault }: WaitFor & { readonly turnMs?: number },
  ask: (turn: WaitFor, onItems: OnItems) => Promise<void>,
  onSettled: OnItems,
): Promise<void> {
  const endMs = systemClock.nowMs() + timeoutMs
  const open = new Set(ids)
  while (open.size > 0) {
    const leftMs = Math.max(0, endMs - systemClock.nowMs())
    const isLast = leftMs <= turnMs
    const onItems: OnItems = (items) => {
      const told = items.filter(({ state }) => state !== 'timedOut' || isLast)
      for (const { id } of told) open.delete(id)
      if (told.length > 0) onSettled(told)
    }
    try {
      await ask({ ids: [...open], timeoutMs: Math.min(leftMs, turnMs) }, onItems)
    } catch (error) {
      const isSilence = isCarbontubeError(error) && error.code === 'CT_TIMED_OUT'
      if (isLast || !isSilence) throw error
    }
  }
}

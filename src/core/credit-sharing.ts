/**
 * How a worker that several owners grant to divides what it can take among them. Each owner has a limit:
 * so many jobs of its may be here at once. A limit is reclaimed before it is lent again: an owner that was
 * told of a lower one may have granted meanwhile, so until it answers that it has heard, the old one counts.
 * The sum never exceeds what the worker can take. Credit moves to where work waits; when there is less of
 * it than there are owners with work, they take turns (the virtual time of start-time fair queueing; Goyal,
 * Vin, Cheng 1996).
 */
import { broken } from './invariant.ts'

interface Share {
  readonly owner: string
  /** The limit that the owner was told last, or is about to be told. */
  limit: number
  /** Until it has heard of a lower limit: the highest that it may still go by. */
  believed: number
  /** Number of the report that told of the lower limit; 0 = none is open. */
  lowered: number
  /** Jobs that wait for a slot, as the owner says. */
  waiting: number
  /** Jobs of it that are here: queued and running. */
  held: number
  /** Jobs that have come, raised to what others had when it came back from having none. */
  turns: number
}

/** A limit for each, who comes first in front. */
type Wanted = readonly (readonly [Share, number])[]

/** By this part the total may be off before credit is divided anew: every change costs messages. */
const totalSlack = 1 / 8

export class CreditSharing {
  readonly #shares = new Map<string, Share>()
  /** What was divided last. */
  #total = 0
  #isStale = false
  /** Somebody was to have more, once it is free. */
  #isShort = false

  /** An owner has opened its stream, for the first time or anew: it knows of no limit. */
  opened(owner: string): void {
    const { held = 0, turns = 0 } = this.#shares.get(owner) ?? {}
    const nothing = { limit: 0, believed: 0, lowered: 0, waiting: 0 }
    this.#shares.set(owner, { owner, ...nothing, held, turns })
    this.#isStale = true
  }

  /** Nothing has come from the owner for long: what it was lent is lent to others until it speaks again. */
  fellSilent(owner: string): void {
    Object.assign(this.#of(owner), { limit: 0, believed: 0, lowered: 0, waiting: 0 })
    this.#isStale = true
  }

  /** A job of the owner has come. */
  came(owner: string): void {
    const share = this.#of(owner)
    this.#comesBack(share)
    share.held += 1
    share.turns += 1
  }

  /** A job of the owner has left the queue or its slot. */
  left(owner: string): void {
    this.#of(owner).held -= 1
    this.#isStale ||= this.#isShort
  }

  /** What the owner said with its orders: the newest report it has read, and how many jobs wait there. */
  heard(owner: string, { seen = 0, waiting = 0 }: { seen?: number; waiting?: number }): void {
    const share = this.#of(owner)
    if (waiting > 0) this.#comesBack(share)
    share.waiting = waiting
    if (share.lowered === 0 || seen < share.lowered) return
    share.lowered = 0
    share.believed = share.limit
    this.#isStale = true
  }

  /** Turns that nobody took are not saved up. */
  #comesBack(share: Share): void {
    if (hasWork(share)) return
    const others = [...this.#shares.values()].filter(hasWork)
    const least = Math.min(...others.map(({ turns }) => turns))
    if (others.length > 0) share.turns = Math.max(share.turns, least)
  }

  limitOf(owner: string): number {
    return this.#of(owner).limit
  }

  /** The report with this number tells the owner its limit. */
  told(owner: string, report: number): void {
    const share = this.#of(owner)
    if (share.limit >= share.believed) {
      share.believed = share.limit
      share.lowered = 0
    } else if (share.lowered === 0) share.lowered = report
  }

  /** Divides `total` anew if that is called for. Answers the owners who have to be told of another limit. */
  divide(total: number): readonly string[] {
    if (this.#shares.size === 1) {
      // Whoever has it to itself learns of it with what it is told anyhow.
      for (const share of this.#shares.values()) share.limit = total
      this.#total = total
      return []
    }
    if (!this.#isCalledFor(total)) return []
    this.#total = total
    this.#isStale = false
    const wanted = this.#wanted(total)
    return [...new Set([...this.#reclaim(wanted), ...this.#lend(wanted, total)])]
  }

  #isCalledFor(total: number): boolean {
    if (this.#isStale || Math.abs(total - this.#total) > this.#total * totalSlack) return true
    for (const { waiting, held, limit } of this.#shares.values()) {
      if (waiting > 0 && held >= limit) return true
    }
    return false
  }

  #reclaim(wanted: Wanted): readonly string[] {
    const lowered = wanted.filter(([share, limit]) => share.limit > limit)
    for (const [share, limit] of lowered) {
      share.limit = limit
      // What it was told before does not count: it has to hear of this.
      share.lowered = 0
    }
    return lowered.map(([{ owner }]) => owner)
  }

  #lend(wanted: Wanted, total: number): readonly string[] {
    const raised: string[] = []
    let free = total
    for (const [share] of wanted) free -= inUse(share)
    for (const [share, limit] of wanted) {
      const missing = limit - share.limit
      // Up to what counts as in use already it costs nothing.
      const more = Math.min(missing, inUse(share) - share.limit + Math.max(0, free))
      if (more <= 0) continue
      const before = inUse(share)
      share.limit += more
      free -= inUse(share) - before
      raised.push(share.owner)
    }
    this.#isShort = wanted.some(([share, limit]) => share.limit < limit)
    return raised
  }

  /** What each should have, who comes first in front. */
  #wanted(total: number): Wanted {
    const shares = [...this.#shares.values()].sort(byTurn)
    const wanted = new Map(shares.map((share) => [share, 0]))
    let left = total
    const give = (who: readonly Share[], max: (share: Share) => number): void => {
      while (left > 0) {
        const open = who.filter((share) => (wanted.get(share) ?? 0) < max(share))
        if (open.length === 0) return
        const each = Math.max(1, Math.floor(left / open.length))
        for (const share of open) {
          const has = wanted.get(share) ?? 0
          const more = Math.min(each, max(share) - has, left)
          wanted.set(share, has + more)
          left -= more
        }
      }
    }
    give(shares, (share) => Math.min(1, work(share)))
    give(shares, work)
    // What remains waits where a job may come.
    give(shares, () => total)
    return [...wanted]
  }

  #of(owner: string): Share {
    return this.#shares.get(owner) ?? broken(`there is no stream of ${owner}`)
  }
}

/** What an owner may have here at most, by what it knows and by what is here. */
function inUse({ limit, believed, held }: Share): number {
  return Math.max(limit, believed, held)
}

function hasWork({ held, waiting }: Share): boolean {
  return held + waiting > 0
}

/** Rounded up to a power of two: not every job that comes and goes is worth a message. */
function work({ held, waiting }: Share): number {
  const jobs = held + waiting
  return jobs === 0 ? 0 : 2 ** Math.ceil(Math.log2(jobs))
}

/**
 * Who has work before who has none; who got nothing before who has something; of those, who is to lose it
 * is the same until it has, or it would never come to that; then by turns.
 */
function byTurn(a: Share, b: Share): number {
  return (
    Number(hasWork(b)) - Number(hasWork(a)) ||
    Number(b.held === 0) - Number(a.held === 0) ||
    Number(b.limit > 0) - Number(a.limit > 0) ||
    a.turns - b.turns
  )
}

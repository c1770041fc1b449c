/**
 * What the checkers keep in common: every token that was granted, with whom, and whether there is evidence
 * that the grant has ended. Made from what went into an owner and what came out of it, never from the
 * owner's own tables.
 */
import type { Event, Result, WorkerReport } from '../src/core/event.ts'
import type { Effect } from '../src/core/effect.ts'
import type { Step } from '../src/core/shard.ts'
import { tokenText } from '../src/core/token.ts'
import type { Commit, Ownership } from './checker.ts'

export interface GrantEntry {
  readonly token: string
  readonly jobId: string
  readonly phase: number
  readonly attempt: number
  readonly incarnation: string
  readonly order: number
  received: boolean
  /** Digests in a row without it. */
  missed: number
  /** Why it is over; `undefined` = as far as anybody knows it is alive. */
  ended: string | undefined
}

/** What is known of one ownership. */
export interface OwnerBook {
  readonly takenMs: number
  /** The newest grant of each job. */
  readonly newest: Map<string, GrantEntry>
  readonly credit: Map<string, number>
  readonly lastReport: Map<string, number>
  /** Jobs that this owner knows the store to have. */
  readonly known: Set<string>
  /** Jobs with mutations that are decided and not committed. */
  readonly uncommitted: Map<string, number>
  readonly connected: Set<string>
  /** What a lost worker had with it, by incarnation. */
  readonly lostWith: Map<string, readonly string[]>
  /** Jobs that waited at takeover, with their phase. */
  readonly waitedAtTakeover: ReadonlyMap<string, number>
  /** Of these the store knew who had them, so nobody else can. */
  readonly notedAtTakeover: ReadonlySet<string>
}

type GrantEffect = Extract<Effect, { type: 'Grant' }>

export class Books {
  readonly tokens = new Map<string, GrantEntry>()
  readonly #owners = new Map<string, OwnerBook>()
  readonly #waiting: () => ReadonlyMap<string, number>

  /** `waiting`: unsettled jobs of the store with their phases. */
  constructor(waiting: () => ReadonlyMap<string, number>) {
    this.#waiting = waiting
  }

  of(owner: Ownership): OwnerBook {
    const book = this.#owners.get(owner.nonce)
    if (book === undefined) throw new Error(`nothing is known of ${owner.manager}`)
    return book
  }

  /** What goes in, before anything is checked. */
  before(owner: Ownership, event: Event): void {
    if (event.type === 'OwnershipTaken') this.#begin(owner, event)
    const book = this.of(owner)
    if (event.type === 'WorkerConnected') book.connected.add(event.incarnation)
    if (event.type === 'WorkerDisconnected') book.connected.delete(event.incarnation)
    if (event.type === 'WorkerReported') this.#reported(book, owner, event.report)
    if (event.type === 'GroupCommitted') {
      for (const { id, outcome } of event.answer.inserts)
        if (outcome === 'stored') book.known.add(id)
    }
    if (event.type === 'CancelRequested') end(book.newest.get(event.id), 'cancelled')
  }

  /** What came out, but for the grants: those are entered one by one, as they are checked. */
  decided(owner: Ownership, event: Event, { mutations, effects }: Step): void {
    const book = this.of(owner)
    for (const mutation of mutations) {
      if (!('job' in mutation)) continue
      const { id } = mutation.job
      book.uncommitted.set(id, (book.uncommitted.get(id) ?? 0) + 1)
    }
    for (const effect of effects) {
      if (effect.type === 'DisconnectWorker') {
        // A clock that ticks is no evidence against a worker that is connected.
        if (event.type === 'TimerFired' && book.connected.has(effect.incarnation)) continue
        const held = [...book.newest.values()].filter(
          ({ incarnation, ended }) => incarnation === effect.incarnation && ended === undefined,
        )
        book.lostWith.set(
          effect.incarnation,
          held.map(({ jobId }) => jobId),
        )
        for (const entry of held) end(entry, 'the worker was lost')
      } else if (effect.type === 'Skip') {
        for (const entry of book.newest.values()) {
          const isIt = entry.incarnation === effect.incarnation && entry.order === effect.order
          if (isIt) end(entry, 'the order was given up')
        }
      }
    }
  }

  /** Whether it is the first time that this token leaves. */
  isNew(effect: GrantEffect): boolean {
    return !this.tokens.has(tokenText(effect.token))
  }

  grant(owner: Ownership, effect: GrantEffect): void {
    const { token, jobId, phase, attempt, incarnation, order } = effect
    const entry: GrantEntry = {
      ...{ token: tokenText(token), jobId, phase, attempt, incarnation, order },
      ...{ received: false, missed: 0, ended: undefined },
    }
    this.tokens.set(entry.token, entry)
    this.of(owner).newest.set(jobId, entry)
  }

  /** The grant of a job that nothing has ended yet. */
  live(owner: Ownership, jobId: string): GrantEntry | undefined {
    const entry = this.of(owner).newest.get(jobId)
    return entry?.ended === undefined ? entry : undefined
  }

  /** By the owner whose nonce is in the group's id: after a failover two may have the same epoch. */
  committed({ group }: Commit): void {
    const [, nonce = ''] = group.id.split('-')
    const uncommitted = this.#owners.get(nonce)?.uncommitted
    for (const mutation of group.mutations) {
      if (!('job' in mutation) || uncommitted === undefined) continue
      const { id } = mutation.job
      uncommitted.set(id, (uncommitted.get(id) ?? 0) - 1)
    }
  }

  #begin(owner: Ownership, event: Extract<Event, { type: 'OwnershipTaken' }>): void {
    const { nowMs, noted } = event
    const waitedAtTakeover = this.#waiting()
    this.#owners.set(owner.nonce, {
      ...{ takenMs: nowMs, newest: new Map(), credit: new Map() },
      ...{ lastReport: new Map(), known: new Set(waitedAtTakeover.keys()) },
      ...{ uncommitted: new Map(), connected: new Set(), lostWith: new Map(), waitedAtTakeover },
      notedAtTakeover: new Set(noted.map(({ id }) => id)),
    })
  }

  #reported(book: OwnerBook, owner: Ownership, report: WorkerReport): void {
    const { incarnation, stream, number, held } = report
    for (const result of report.results) this.#resultOf(book, result)
    if (stream !== owner.nonce || number <= (book.lastReport.get(incarnation) ?? -1)) return
    book.lastReport.set(incarnation, number)
    book.credit.set(incarnation, report.credit)
    const names = held && new Set(held.map(({ token }) => tokenText(token)))
    for (const entry of book.newest.values()) {
      if (entry.incarnation !== incarnation) continue
      if (entry.order <= report.through || report.also.includes(entry.order)) entry.received = true
      if (names === undefined || !entry.received) continue
      entry.missed = names.has(entry.token) ? 0 : entry.missed + 1
      if (entry.missed >= 2) end(entry, 'missing from two digests')
    }
  }

  #resultOf(book: OwnerBook, { token, jobId }: Result): void {
    const entry = book.newest.get(jobId)
    if (entry?.token === tokenText(token)) end(entry, 'it has a result')
  }
}

function end(entry: GrantEntry | undefined, why: string): void {
  if (entry !== undefined) entry.ended ??= why
}

/**
 * The network of a world. A message on a link may be late, doubled, overtaken or lost; a link may be cut;
 * and what was under way on a dead connection may still arrive. Tokens have to decide, not connections.
 */
import type { Process } from './process.ts'
import type { Surroundings } from './surroundings.ts'

/** Sockets notice a silent peer after this long (ZMTP heartbeats). */
const heartbeatTimeoutMs = 6_000
const handshakeRetryMs = 100
const lookEveryMs = 500

export class Network {
  readonly #world: Surroundings
  /** `manager|worker` → until when nothing passes. */
  readonly #cuts = new Map<string, number>()
  /** Order of arrival on a link that does not reorder. */
  readonly #lastArrivalMs = new Map<string, number>()

  constructor(world: Surroundings) {
    this.#world = world
  }

  cut(a: Process, b: Process, forMs: number): void {
    this.#world.trace(`cut ${a.name} ${b.name} for ${forMs}`)
    this.#cuts.set(pair(a, b), this.#world.nowMs + forMs)
  }

  heal(): void {
    this.#cuts.clear()
  }

  isCut(a: Process, b: Process): boolean {
    return (this.#cuts.get(pair(a, b)) ?? 0) > this.#world.nowMs
  }

  /** Delivers in the life that `to` has on arrival, after chance has had its way. */
  send(from: Process, to: Process, deliver: () => void): void {
    const { chance, knobs } = this.#world
    const faults = this.#world.faultsOn()
    if (this.isCut(from, to) || (faults && chance.is(knobs.dropRate))) return
    const copies = faults && chance.is(knobs.duplicateRate) ? 2 : 1
    for (let n = 0; n < copies; n++) this.#arrive(from, to, deliver)
  }

  #arrive(from: Process, to: Process, deliver: () => void): void {
    const world = this.#world
    const delayMs = world.chance.int(0, world.faultsOn() ? world.knobs.delayMs : 2)
    let atMs = world.nowMs + delayMs
    if (!(world.knobs.reorders && world.faultsOn())) {
      const link = `${from.name}>${to.name}`
      atMs = Math.max(atMs, this.#lastArrivalMs.get(link) ?? 0)
      this.#lastArrivalMs.set(link, atMs)
    }
    world.underWay += 1
    world.after(atMs - world.nowMs, () => {
      world.underWay -= 1
      if (to.isUp) to.soon(deliver)
    })
  }

  /**
   * A connection to whatever process listens at an address. `onUp` and `onDown` come as from a socket's
   * monitor; it tries again by itself until `close`.
   */
  connect<P extends Process>(
    from: Process,
    find: () => P | undefined,
    on: ConnectionEvents,
  ): Connection<P> {
    return new Connection(this.#world, this, { from, find, on })
  }
}

export interface ConnectionEvents {
  onUp(): void
  onDown(): void
}

interface Ends<P extends Process> {
  readonly from: Process
  readonly find: () => P | undefined
  readonly on: ConnectionEvents
}

export class Connection<P extends Process = Process> {
  readonly #world: Surroundings
  readonly #network: Network
  readonly #ends: Ends<P>
  readonly #fromLife: number
  #peer: { readonly process: P; readonly life: number } | undefined
  #isClosed = false
  #silentSinceMs: number | undefined

  constructor(world: Surroundings, network: Network, ends: Ends<P>) {
    this.#world = world
    this.#network = network
    this.#ends = ends
    this.#fromLife = ends.from.life
    this.#look(0)
  }

  get isUp(): boolean {
    return this.#peer !== undefined
  }

  /** Dropped when the connection does not stand; lost, or a ghost, when it breaks under way. */
  send(deliver: (to: P) => void): void {
    const peer = this.#peer
    if (peer === undefined) return
    const { process, life } = peer
    this.#network.send(this.#ends.from, process, () => {
      const isGhost = this.#peer !== peer || process.life !== life
      if (isGhost && !this.#world.knobs.ghosts) return
      if (isGhost) this.#world.saw('ghost')
      deliver(process)
    })
  }

  close(): void {
    this.#isClosed = true
    this.#peer = undefined
  }

  /** Once in a while: does it stand, is it broken, has it been silent too long? */
  #look(delayMs: number): void {
    this.#ends.from.later(delayMs, () => {
      if (this.#isClosed || this.#ends.from.life !== this.#fromLife) return
      if (this.#peer === undefined) this.#tryUp()
      else if (this.#isBroken(this.#peer)) this.#lost(this.#peer)
      if (!this.#isClosed) this.#look(this.#peer === undefined ? handshakeRetryMs : lookEveryMs)
    })
  }

  #tryUp(): void {
    const { from, find, on } = this.#ends
    const process = find()
    if (process === undefined || process.paused === 'stopped') return
    if (this.#network.isCut(from, process)) return
    this.#peer = { process, life: process.life }
    this.#silentSinceMs = undefined
    const peer = this.#peer
    process.watchers.add(() => from.later(this.#world.chance.int(0, 20), () => this.#lost(peer)))
    on.onUp()
  }

  #lost(peer: object): void {
    if (this.#isClosed || this.#peer !== peer) return
    this.#peer = undefined
    this.#ends.on.onDown()
  }

  #isBroken({ process, life }: { process: Process; life: number }): boolean {
    if (!process.isUp || process.life !== life) return true
    const isSilent = this.#network.isCut(this.#ends.from, process) || process.paused === 'stopped'
    if (!isSilent) this.#silentSinceMs = undefined
    else this.#silentSinceMs ??= this.#world.nowMs
    return this.#world.nowMs - (this.#silentSinceMs ?? this.#world.nowMs) > heartbeatTimeoutMs
  }
}

function pair(a: Process, b: Process): string {
  return a.name < b.name ? `${a.name}|${b.name}` : `${b.name}|${a.name}`
}

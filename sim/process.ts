/**
 * A process of a world: it starts, is killed, is stopped and goes on. What reaches it while it is stopped
 * waits; what reaches a later life than it was meant for is gone.
 */
import type { Surroundings } from './surroundings.ts'

/** `stopped`: SIGSTOP, also its connections die in the end. `busy`: its loop is blocked, its sockets live. */
export type Pause = 'stopped' | 'busy'

export class Process {
  readonly name: string
  readonly world: Surroundings
  /** Counts its starts; 0 = never started. */
  life = 0
  isUp = false
  paused: Pause | undefined
  /** Told when a life ends, as the kernel tells a peer. */
  readonly watchers = new Set<() => void>()
  #waiting: (() => void)[] = []

  constructor(world: Surroundings, name: string) {
    this.world = world
    this.name = name
  }

  /** Begins a new life. */
  begin(): void {
    this.life += 1
    this.isUp = true
    this.#waiting = []
    this.paused = undefined
    this.world.trace(`${this.name} starts`)
  }

  /** kill −9: nothing is said to anybody. */
  end(): void {
    this.isUp = false
    this.#waiting = []
    this.paused = undefined
    this.world.trace(`${this.name} is gone`)
    for (const watch of this.watchers) watch()
    this.watchers.clear()
  }

  pause(how: Pause): void {
    if (!this.isUp || this.paused !== undefined) return
    this.paused = how
    this.world.trace(`${this.name} is ${how}`)
  }

  goOn(): void {
    if (this.paused === undefined) return
    this.paused = undefined
    this.world.trace(`${this.name} goes on`)
    const waiting = this.#waiting
    this.#waiting = []
    const { life } = this
    for (const act of waiting) if (this.isUp && this.life === life) this.soon(act)
  }

  /** After a while, in this life; when it is paused then, as soon as it goes on. */
  later(delayMs: number, act: () => void): void {
    const { life } = this
    this.world.after(delayMs, () => {
      if (this.isUp && this.life === life) this.soon(act)
    })
  }

  soon(act: () => void): void {
    if (this.paused === undefined) act()
    else this.#waiting.push(act)
  }
}

/**
 * Messages that are nearly right: golden ones with a few bytes, frames or fields wrong, and noise. Seeded,
 * so that a message which does harm can be made again.
 */
import { Packr } from 'msgpackr'
import { seededRng } from '../../src/core/rng.ts'
import { framesOf } from './as-frames.ts'
import { samples, type Sample } from './golden-samples.ts'

export type Frames = readonly Uint8Array[]

const packr = new Packr({ useRecords: false, int64AsType: 'number' })

/** What fits in a field by chance or malice. */
const oddities: readonly unknown[] = [
  ...[null, true, -1, 0, 0.5, 2 ** 31, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 1e300, Number.NaN],
  ...['', 'x', '\u0000', '\uD800', '../..', 'tcp://:0', 'tcp://*:*', 'tcp://h:99999', 'tcp://%:1'],
  ...['a'.repeat(200), [], [[]], [[[[]]]], {}, { toString: 1 }, new Uint8Array(3), new Date(0)],
  ...[Array.from({ length: 300 }, (_, n) => n), { length: 1e9 }],
]

/** The names of the ledger pipeline in place of those of the samples, so that more than the door is reached. */
const names: Readonly<Record<string, string>> = {
  ...{ films: 'ledger', encode: 'work', 'tcp://a:3000': 'tcp://127.0.0.1:9' },
  'tcp://m:5050': 'tcp://127.0.0.1:9',
}

function renamed(value: unknown): unknown {
  if (typeof value === 'string') return names[value] ?? value
  if (Array.isArray(value)) return value.map(renamed)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, renamed(inner)]))
}

export class Malformer {
  readonly #rng: ReturnType<typeof seededRng>
  readonly #golden: readonly Frames[]

  /** `leaveOut`: samples that a mutation could turn into an order of an operator. */
  constructor(seed: number, kinds: readonly Sample['kind'][], leaveOut: readonly string[] = []) {
    this.#rng = seededRng(seed)
    this.#golden = Object.entries(samples).flatMap(([name, sample]) =>
      kinds.includes(sample.kind) && !leaveOut.includes(name)
        ? [framesOf(renamed(sample) as Sample)]
        : [],
    )
  }

  next(): Frames {
    const frames = this.#pick(this.#golden).map((frame) => Uint8Array.from(frame))
    const way = this.#below(6)
    if (way === 0) return this.#noise()
    if (way === 1) return this.#otherFrames(frames)
    if (way === 2) return frames.map((frame) => this.#otherBytes(frame))
    return this.#otherFields(frames)
  }

  #below(limit: number): number {
    return Math.floor(this.#rng.next() * limit)
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T
  }

  #noise(): Frames {
    return Array.from({ length: 1 + this.#below(3) }, () =>
      Uint8Array.from({ length: this.#below(300) }, () => this.#below(256)),
    )
  }

  #otherFrames(frames: Frames): Frames {
    const at = this.#below(frames.length)
    const frame = frames[at] ?? new Uint8Array()
    const cut = frame.subarray(0, this.#below(frame.length + 1))
    const others: readonly Frames[] = [
      frames.toSpliced(at, 1, cut),
      frames.toSpliced(at, 1, Buffer.concat([frame, frame])),
      [...frames, ...frames],
      frames.toReversed(),
      [new Uint8Array(), ...frames],
      [frame.subarray(cut.length)],
    ]
    return this.#pick(others)
  }

  #otherBytes(frame: Uint8Array): Uint8Array {
    for (let n = 1 + this.#below(4); n > 0 && frame.length > 0; n--) {
      frame[this.#below(frame.length)] = this.#below(256)
    }
    return frame
  }

  /** The header is read, one place in it gets another value, and it is written again. */
  #otherFields(frames: Frames): Frames {
    const at = frames.findIndex((frame) => (frame[0] ?? 0) >= 0x80)
    const header = packr.unpack(Buffer.from(frames[at] ?? [])) as Record<string, unknown>
    for (let n = 1 + this.#below(2); n > 0; n--) this.#changePlace(header)
    return frames.toSpliced(at, 1, packr.pack(header))
  }

  #changePlace(inside: Record<string, unknown>): void {
    const key = this.#pick(Object.keys(inside))
    const inner = inside[key]
    const isDeep = isMapOrList(inner) && Object.keys(inner).length > 0
    if (isDeep && this.#below(3) > 0) return this.#changePlace(inner)
    if (this.#below(6) === 0) delete inside[key]
    else inside[key] = structuredClone(this.#pick(oddities))
  }
}

function isMapOrList(value: unknown): value is Record<string, unknown> {
  return (
    Array.isArray(value) ||
    (value !== null && typeof value === 'object' && value.constructor === Object)
  )
}

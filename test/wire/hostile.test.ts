/**
 * Bytes of somebody who means harm: each decoder answers with a value or with the one error that its caller
 * expects, and does no more work than the bytes are worth, whatever lengths they claim.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isCarbontubeError } from '../../src/errors/errors.ts'
import { packHeader, unpackHeader } from '../../src/wire/header.ts'
import { decodeInstructions } from '../../src/wire/instructions.ts'
import { announcedWorker, decodePublished } from '../../src/wire/published.ts'
import { decodeEnqueue } from '../../src/wire/requests.ts'
import { WireError } from '../../src/wire/wire-error.ts'
import { messageIn } from './as-frames.ts'
import type { Sample } from './golden-samples.ts'
import { Malformer, type Frames } from './malformed.ts'

const kinds = ['open', 'orders', 'report', 'request', 'reply', 'published'] as const

/** Each of them may be called with what was meant for another. */
const decoders: readonly ((frames: Frames) => unknown)[] = [
  ...kinds.map((kind: Sample['kind']) => (frames: Frames) => messageIn(kind, frames)),
  (frames) => decodeEnqueue(unpackHeader(frames[0]), frames),
  (frames) => announcedWorker(decodePublished(frames)),
]

/** Answers how many of them refuse. Throws whatever is no `WireError`. */
function refusals(frames: Frames): number {
  let refused = 0
  for (const decode of decoders) {
    try {
      decode(frames)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      refused += 1
    }
  }
  return refused
}

function decodesOrSaysBadInstructions(bytes: Uint8Array): void {
  try {
    decodeInstructions(bytes)
  } catch (error) {
    if (!isCarbontubeError(error) || error.code !== 'CT_BAD_INSTRUCTIONS') throw error
  }
}

describe('any bytes', () => {
  it('are a message or a WireError to every decoder, be they golden ones gone wrong', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const malformer = new Malformer(seed, kinds)
        for (let n = 0; n < 10; n++) refusals(malformer.next())
      }),
      { numRuns: 500 },
    )
    // Some ten thousand decodings: long on a machine with other things to do.
  }, 60_000)

  it('are instructions or CT_BAD_INSTRUCTIONS', () => {
    const anyJson = fc.json().map((text) => Buffer.from(text))
    const anyPacked = fc.jsonValue().map((value) => packHeader('x', { value }).subarray(1))
    const anything = fc.oneof(fc.uint8Array({ maxLength: 300 }), anyJson, anyPacked)
    fc.assert(fc.property(anything, decodesOrSaysBadInstructions), { numRuns: 2_000 })
  })
})

const bytesOf = (...bytes: readonly number[]) => Uint8Array.from(bytes)
const many = (count: number, ...bytes: readonly number[]) =>
  Uint8Array.from({ length: count * bytes.length }, (_, at) => bytes[at % bytes.length] ?? 0)

/** What claims more than is there: lengths of 2³² − 1 or nearly as bad, alone and in each other. */
const claims: readonly (readonly [string, Uint8Array])[] = [
  ['a list of 2³² − 1', bytesOf(0xdd, 255, 255, 255, 255)],
  ['a map of 2³² − 1', bytesOf(0xdf, 255, 255, 255, 255)],
  ['a text of 2³² − 1', bytesOf(0xdb, 255, 255, 255, 255)],
  ['bytes of 2³² − 1', bytesOf(0xc6, 255, 255, 255, 255)],
  ['an extension of 2³² − 1', bytesOf(0xc9, 255, 255, 255, 255, 1)],
  ['lists of 16,000 in lists of 16,000', many(10_000, 0xdc, 0x3e, 0x80)],
  ['lists of 30 million in each other', many(10_000, 0xdd, 1, 0xc9, 0xc3, 0x80)],
  ['maps in each other', many(10_000, 0x81, 0xa1, 0x61)],
  ['a million lists in each other', many(1_000_000, 0x91)],
  ['a million lists of JSON in each other', Buffer.from(`{"a":${'['.repeat(1_000_000)}`)],
]

describe('a claim of more than is there', () => {
  it.each(claims)('%s is refused for what it costs', (_, claim) => {
    const startedMs = performance.now()
    const before = process.memoryUsage()
    for (const frames of [[claim], [Buffer.from('job.done'), claim]]) {
      expect(refusals(frames)).toBe(decoders.length)
    }
    decodesOrSaysBadInstructions(claim)
    const { heapUsed, external, arrayBuffers } = process.memoryUsage()
    const used = heapUsed - before.heapUsed + external - before.external
    expect(used + arrayBuffers - before.arrayBuffers).toBeLessThan(64 * 1024 * 1024)
    expect(performance.now() - startedMs).toBeLessThan(20_000)
  })

  it('a body shorter than its lengths is refused, and the lengths are not believed', () => {
    const jobs = [['job', 0, 0, Number.MAX_SAFE_INTEGER]]
    const header = packHeader('enqueue', { request: 1, pipeline: 'films', jobs })
    expect(() => messageIn('request', [header, bytesOf(1, 2, 3)])).toThrow(WireError)
  })
})

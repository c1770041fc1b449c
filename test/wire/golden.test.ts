/**
 * Golden frames: one message of each kind as it stood on the wire in the first release, in hex. What is
 * kept there must be read as it was meant for ever; what is written today must be the same bytes, or the
 * protocol has changed and needs a number. New kinds are added; kept ones are never edited.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { framesOf, messageIn } from './as-frames.ts'
import { asSent } from './as-sent.ts'
import { samples } from './golden-samples.ts'

const golden = JSON.parse(
  readFileSync(new URL('golden-frames.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, readonly string[]>>

const hex = (frame: Uint8Array) => Buffer.from(frame).toString('hex')

describe('the golden frames', () => {
  it('are there for every sample, and for nothing else', () => {
    expect(Object.keys(golden).toSorted()).toEqual(Object.keys(samples).toSorted())
  })

  it.each(Object.entries(samples))('of %s are what is written today', (name, sample) => {
    expect(framesOf(sample).map(hex)).toEqual(golden[name])
  })

  it.each(Object.entries(samples))('of %s are read as they were meant', (name, sample) => {
    const frames = (golden[name] ?? []).map((frame) => Buffer.from(frame, 'hex'))
    expect(asSent(messageIn(sample.kind, frames))).toMatchObject(asSent(sample.message) as object)
  })
})

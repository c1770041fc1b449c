/**
 * What is published on the event doors: facts for people, a hint and never the truth. Frame 0 is a topic
 * (`worker.available`, `job.done`, …) so that subscribers can filter, frame 1 the header.
 */
import type { WorkerInfo } from '../core/event.ts'
import * as check from './checks.ts'
import { packHeader, unpackHeader } from './header.ts'
import { decodeWorkerInfo } from './report.ts'

export interface PublishedEvent {
  /** `worker.available`, `job.done`, … */
  readonly topic: string
  /** Process that published it first: a manager's or worker's id. */
  readonly source: string
  /** Without gaps per source: a hole tells a subscriber that it missed something. */
  readonly sequence: number
  readonly atMs: number
  readonly fields: Readonly<Record<string, unknown>>
}

export function encodePublished(event: PublishedEvent): Uint8Array[] {
  const { topic, ...rest } = event
  return [Buffer.from(topic, 'utf8'), packHeader('event', rest)]
}

export function decodePublished(frames: readonly Uint8Array[]): PublishedEvent {
  const header = unpackHeader(frames[1])
  return {
    topic: Buffer.from(check.frame(frames, 0)).toString('utf8'),
    source: check.text(header['source'], 'source'),
    sequence: check.count(header['sequence'], 'sequence'),
    atMs: check.count(header['atMs'], 'atMs'),
    fields: check.map(header['fields'], 'fields'),
  }
}

/** The worker that a `worker.available` event announces. */
export function announcedWorker(event: PublishedEvent): WorkerInfo {
  return decodeWorkerInfo(event.fields['info'])
}

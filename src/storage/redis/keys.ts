/**
 * The names of everything that is kept. All keys of a shard carry one hash tag, so that a cluster keeps
 * them in one slot and a script may touch them together. docs/decisions/0008-redis.md has the layout.
 */
import { CarbontubeError } from '../../errors/errors.ts'
import type { ShardRef } from '../contract.ts'

/** Number of the layout that this version writes. */
export const schemaVersion = 1

/** The keys of one shard. */
export interface ShardKeys {
  /** Hash: owner, epoch, lease, last sequence, last group with its answer. */
  readonly shard: string
  /** Hashes by member: record, instructions, attempts. */
  readonly job: string
  readonly body: string
  readonly history: string
  /** Hash: id → member. */
  readonly id: string
  /** Sorted sets of members. By sequence; by due time; by end; by end; by sequence. */
  readonly all: string
  readonly scheduled: string
  readonly ended: string
  readonly dead: string
  readonly noted: string
  /** Set of phases; −1 = the whole pipeline. */
  readonly paused: string
  /** Hash: jobs by state, and by phase while they wait (`r0`, `s0`, `done`, …). */
  readonly counters: string
  /** Sorted set of a phase's ready members, in granting order. */
  ready(phase: number): string
}

export function keysOf(prefix: string, { pipeline, shard }: ShardRef): ShardKeys {
  // A name may have any character; a brace or colon in it must not end the hash tag or the name.
  const start = `${prefix}:{${encodeURIComponent(pipeline)}:${shard}}:`
  return {
    shard: `${start}shard`,
    job: `${start}job`,
    body: `${start}body`,
    history: `${start}history`,
    id: `${start}id`,
    all: `${start}all`,
    scheduled: `${start}scheduled`,
    ended: `${start}ended`,
    dead: `${start}dead`,
    noted: `${start}noted`,
    paused: `${start}paused`,
    counters: `${start}counters`,
    ready: (phase) => `${start}ready:${phase}`,
  }
}

/** Number of the layout under a prefix. */
export function schemaKey(prefix: string): string {
  return `${prefix}:schema`
}

/** Hash: pipeline → what is known of it, as JSON. */
export function registryKey(prefix: string): string {
  return `${prefix}:pipelines`
}

/** Throws CT_BAD_OPTION: braces would make a hash tag of their own. */
export function checkPrefix(prefix: string): string {
  if (/^[^{}]+$/.test(prefix)) return prefix
  const message = `the prefix ${JSON.stringify(prefix)} is empty or has a brace`
  throw new CarbontubeError('CT_BAD_OPTION', message)
}

/** Name of a job within its shard. Padded: among equal scores Redis sorts by text. */
export function memberOf(sequence: number): string {
  return String(sequence).padStart(16, '0')
}

const sequencesPerPriority = 2 ** 44

/** Score of a ready job: priority descending, then sequence ascending. Exact: below 21 × 2^44. */
export function readyScore(priority: number, sequence: number): number {
  return (10 - priority) * sequencesPerPriority + sequence
}

/**
 * The errors a store may throw, one function each, so that every backend says them with the same code and
 * in the same words. Which of them leave the store unchanged is part of the contract: all but
 * `outcomeUnknown`.
 */
import type { Group, Mutation } from '../core/mutation.ts'
import { CarbontubeError } from '../errors/errors.ts'
import type { ShardRef } from './contract.ts'

/** CT_FENCED: a newer owner has taken the shard over, or this one has released it. Nothing was applied. */
export function fenced(ref: ShardRef, epoch: number, newest: number | undefined): CarbontubeError {
  return new CarbontubeError(
    'CT_FENCED',
    `shard ${ref.shard} of ${ref.pipeline} is not owned under epoch ${epoch}; nothing was applied`,
    { hint: 'Stop, and load the shard anew as its next owner.', details: { epoch, newest } },
  )
}

/** CT_STORE_FULL: the disk, or the limit of the file, leaves no room. Nothing was applied. */
export function storeFull(where: string, cause?: unknown): CarbontubeError {
  return new CarbontubeError('CT_STORE_FULL', `no room in ${where}; nothing was written`, {
    hint: 'Free disk space or shorten the retention; it goes on by itself.',
    cause,
  })
}

/**
 * CT_STORE_FOREIGN: the file or schema is not ours, is newer than this version, or is damaged. Nothing was
 * changed.
 */
export function storeForeign(where: string, why: string, cause?: unknown): CarbontubeError {
  return new CarbontubeError('CT_STORE_FOREIGN', `${where}: ${why}; nothing was changed`, {
    hint: 'Give another place, restore it from a backup, or move it away to start empty.',
    details: { where },
    cause,
  })
}

/** CT_STORE_HELD: another process holds the file for writing. `holder` is its own description, when it is known. */
export function storeHeld(where: string, holder: string | undefined): CarbontubeError {
  const by = holder === undefined ? 'another process' : holder
  return new CarbontubeError('CT_STORE_HELD', `${where} is held by ${by}`, {
    hint: 'Stop that process; to look only, `carbontube audit` and `doctor` read an SQLite file in use.',
    details: { where, ...(holder === undefined ? {} : { holder }) },
  })
}

/** Where the store is to be nothing can be written, or be found. */
export function storeUnwritable(
  where: string,
  why: string,
  { hint, cause }: { readonly hint: string; readonly cause: unknown },
): CarbontubeError {
  return new CarbontubeError('CT_STORE_UNWRITABLE', `${where} cannot be opened: ${why}`, {
    hint,
    details: { where },
    cause,
  })
}

/** The file has several names, each with a lock of its own. Nothing was changed. */
export function storeLinked(where: string, names: number): CarbontubeError {
  return new CarbontubeError(
    'CT_STORE_LINKED',
    `${where} has ${names} names (hard links), and each would have a lock of its own; nothing was changed`,
    {
      hint: `Remove the others; \`find FOLDER -samefile ${where}\` finds them. Make copies with cp, not ln.`,
      details: { where, names },
    },
  )
}

/** CT_STORE_FAILED: the store answered with an error that left it as it was. */
export function storeFailed(where: string, what: string, cause?: unknown): CarbontubeError {
  return new CarbontubeError('CT_STORE_FAILED', `${where}: ${what}; nothing was changed`, { cause })
}

/**
 * CT_STORE_FAILED: the disk refused what was committed. Whether it is there, only a restart tells; until then
 * nothing more is written.
 */
export function flushFailed(where: string, cause: unknown): CarbontubeError {
  return new CarbontubeError(
    'CT_STORE_FAILED',
    `${where}: the disk did not take what was written`,
    {
      hint: 'Look at the disk, then start again: the store goes on from what the disk has.',
      cause,
    },
  )
}

/** CT_STORE_FAILED: a group under a broken connection came after later ones, for whose answer nobody waits. */
export function groupLate(ref: ShardRef, group: Group): CarbontubeError {
  const where = `shard ${ref.shard} of ${ref.pipeline}`
  return storeFailed(where, `group ${group.id} comes after later ones`)
}

/** CT_STORE_FAILED: the store does not have a group any more that it had confirmed. Nothing was applied. */
export function groupLost(ref: ShardRef, group: string): CarbontubeError {
  const where = `shard ${ref.shard} of ${ref.pipeline}`
  const message = `${where} has lost group ${group}, which the store had confirmed; nothing was changed`
  return new CarbontubeError('CT_STORE_FAILED', message, {
    hint: 'Load the shard anew: it goes on from what the store has.',
  })
}

/** CT_OUTCOME_UNKNOWN: the answer to a commit is missing: the caller tries the same group again. */
export function outcomeUnknown(where: string, group: Group, cause: unknown): CarbontubeError {
  return new CarbontubeError(
    'CT_OUTCOME_UNKNOWN',
    `${where} did not say whether group ${group.id} was committed`,
    { hint: 'Commit the same group again: it is applied once.', cause },
  )
}

/** CT_STORE_FAILED: a method was called while the store was not open. */
export function notOpen(where: string): CarbontubeError {
  return new CarbontubeError('CT_STORE_FAILED', `${where} is not open`, {
    hint: 'Call open() first.',
  })
}

/** CT_REFUSED: a commit or an acquisition on a store that was opened read-only. */
export function readOnlyStore(where: string): CarbontubeError {
  return new CarbontubeError('CT_REFUSED', `${where} is open read-only; nothing was changed`)
}

/**
 * CT_INTERNAL: a mutation does not fit what is stored: the owner's memory and the store have parted, which is a defect.
 * Nothing of its group was applied.
 */
export function mutationMisfit(ref: ShardRef, mutation: Mutation, found: string): CarbontubeError {
  const job =
    mutation.type === 'insert' ? mutation.job : 'job' in mutation ? mutation.job : undefined
  const of = job === undefined ? '' : ` of job ${job.id} (#${job.sequence}, phase ${job.phase})`
  return new CarbontubeError(
    'CT_INTERNAL',
    `${mutation.type}${of} in shard ${ref.shard} does not fit the store: ${found}; nothing was applied`,
    { hint: 'Please report it. A restart of the manager loads what is stored.' },
  )
}

/** CT_BAD_OPTION: a page cursor that this store did not make. */
export function badCursor(after: string): CarbontubeError {
  return new CarbontubeError('CT_BAD_OPTION', `${JSON.stringify(after)} is not a page cursor`, {
    hint: 'Pass the `next` of the page before.',
  })
}

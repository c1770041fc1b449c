/**
 * The answer of a group as stores keep it: a list of exceptions, since nearly all inserts are stored. The ids
 * come from the group when it is sent again.
 */
import type { CommitAnswer, Group, InsertAnswer } from '../core/mutation.ts'

/** `3d 17c`: the insert with index 3 was a duplicate, the one with index 17 a conflict. */
export function packAnswer(inserts: readonly InsertAnswer[]): string {
  const exceptions: string[] = []
  inserts.forEach(({ outcome }, index) => {
    if (outcome !== 'stored') exceptions.push(`${index}${outcome === 'duplicate' ? 'd' : 'c'}`)
  })
  return exceptions.join(' ')
}

/** The answer that the group got when it was committed. */
export function unpackAnswer(packed: string, group: Group): CommitAnswer {
  const exceptions = new Set(packed.split(' '))
  const inserts: InsertAnswer[] = []
  for (const mutation of group.mutations) {
    if (mutation.type !== 'insert') continue
    const index = inserts.length
    const duplicate = exceptions.has(`${index}d`)
    const conflict = exceptions.has(`${index}c`)
    const outcome = duplicate ? 'duplicate' : conflict ? 'conflict' : 'stored'
    inserts.push({ id: mutation.job.id, outcome })
  }
  return { inserts }
}

/**
 * What a replay offers to be edited, and what of it is sent: only names that were changed. JSON has no bytes
 * and no whole numbers beyond 2⁵³, so what is sent back unchanged would come back as something else.
 */
import type { JobDetail } from '../../src/dashboard/api-types.ts'

export type Instructions = Readonly<Record<string, unknown>>

/** The input alone, when it is known which names that is: phases will set theirs anew. */
export function inputOf(all: Instructions, { inputKeys }: Pick<JobDetail, 'inputKeys'>) {
  if (inputKeys === undefined) return all
  return Object.fromEntries(Object.entries(all).filter(([name]) => inputKeys.includes(name)))
}

export function changedNames(before: Instructions, after: Instructions): Instructions {
  const isChanged = ([name, value]: [string, unknown]) =>
    !Object.hasOwn(before, name) || JSON.stringify(value) !== JSON.stringify(before[name])
  return Object.fromEntries(Object.entries(after).filter(isChanged))
}

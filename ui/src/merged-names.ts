/**
 * Which phase has set which name of a job's instructions. Only the values of now are known: a name that a
 * later phase has set again shows whose value it is.
 */
import type { JobDetail } from '../../src/dashboard/api-types.ts'

export interface MergedName {
  readonly name: string
  /** JSON of its value now; undefined when the instructions were cut, or no longer have it. */
  readonly value?: string
  /** The last phase that set it again. */
  readonly overwrittenBy?: string
}

export interface MergedPhase {
  readonly phase: string
  /** undefined: its worker did not say. */
  readonly names: readonly MergedName[] | undefined
}

type Merged = Pick<JobDetail, 'merged' | 'inputKeys' | 'instructions'>

/** The input first, then every phase in order. */
export function mergedNames({ merged, inputKeys, instructions }: Merged): readonly MergedPhase[] {
  const values = instructions.isCut ? {} : parsed(instructions.text)
  const steps = merged.toSorted((a, b) => a.phaseIndex - b.phaseIndex)
  const named = (name: string, from: number): MergedName => {
    const later = steps.findLast((step) => step.phaseIndex > from && step.keys?.includes(name))
    const value = Object.hasOwn(values, name) ? JSON.stringify(values[name]) : undefined
    return {
      name,
      ...(value === undefined ? {} : { value }),
      ...(later === undefined ? {} : { overwrittenBy: later.phase }),
    }
  }
  return [
    { phase: '', names: inputKeys?.map((name) => named(name, -1)) },
    ...steps.map(({ phase, phaseIndex, keys }) => ({
      phase,
      names: keys?.map((name) => named(name, phaseIndex)),
    })),
  ]
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

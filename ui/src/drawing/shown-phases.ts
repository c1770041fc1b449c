/**
 * Which phases of a long pipeline are drawn, and which are folded into a gap: a drawing of thirty boxes
 * tells nobody where the work stands. The ends, the bottleneck and every phase in trouble stay.
 */
import type { PhaseView } from '../../../src/dashboard/api-types.ts'

export type Shown =
  | { readonly kind: 'phase'; readonly phase: PhaseView; readonly index: number }
  | {
      readonly kind: 'gap'
      readonly from: number
      readonly phases: readonly PhaseView[]
    }

/** Boxes that fit beside each other on an ordinary screen. */
export const boxesMax = 6

/** At most `boxesMax` phases in trouble are kept: when everything burns, the ends of it will do. */
export function shownPhases(phases: readonly PhaseView[], isExpanded: boolean): readonly Shown[] {
  const all = phases.map((phase, index) => ({ kind: 'phase', phase, index }) as const)
  if (isExpanded || phases.length <= boxesMax) return all

  const troubled = all
    .filter(({ phase }) => phase.trouble !== undefined && phase.trouble !== 'busy')
    .slice(0, boxesMax)
  const kept = new Set([0, phases.length - 1, ...troubled.map(({ index }) => index)])
  const bottleneck = phases.findIndex((phase) => phase.isBottleneck)
  for (const index of [bottleneck, bottleneck - 1, bottleneck + 1, 1, phases.length - 2]) {
    if (bottleneck === -1 && index < 1) continue
    if (kept.size < boxesMax || index === bottleneck) kept.add(index)
  }
  return folded(all, kept)
}

function folded(
  all: readonly (Shown & { kind: 'phase' })[],
  kept: ReadonlySet<number>,
): readonly Shown[] {
  const shown: Shown[] = []
  for (const one of all) {
    const last = shown.at(-1)
    if (kept.has(one.index)) shown.push(one)
    else if (last?.kind === 'gap') {
      shown[shown.length - 1] = { ...last, phases: [...last.phases, one.phase] }
    } else shown.push({ kind: 'gap', from: one.index, phases: [one.phase] })
  }
  return shown
}

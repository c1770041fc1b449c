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

/** Pipelines up to this length are drawn whole. */
export const wholeMax = 6
/** Boxes of a longer one: with the gaps between them they still fit beside each other. */
const keptMax = 4

/** When everything burns, its beginning and end will do, and the bottleneck. */
export function shownPhases(phases: readonly PhaseView[], isExpanded: boolean): readonly Shown[] {
  const all = phases.map((phase, index) => ({ kind: 'phase', phase, index }) as const)
  if (isExpanded || phases.length <= wholeMax) return all

  const isTrouble = ({ phase }: { readonly phase: PhaseView }) =>
    phase.trouble !== undefined && phase.trouble !== 'busy'
  const wanted = [
    ...all.filter(({ phase }) => phase.isBottleneck),
    ...all.slice(0, 1),
    ...all.slice(-1),
    ...all.filter(isTrouble),
  ]
  const kept = new Set<number>()
  for (const { index } of wanted) if (kept.size < keptMax) kept.add(index)
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

/**
 * Finds what somebody meant to type. Used wherever a name is not known: options, job types, pipelines.
 */

/**
 * The candidate nearest to a word: at most two slips away (a letter more, less, other, or two swapped;
 * case does not count), in short words one. `undefined` when nothing is near.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const limit = Math.min(2, Math.max(1, Math.floor(word.length / 3)))
  let best: string | undefined
  let bestSlips = limit + 1
  for (const candidate of candidates) {
    const slips = slipsBetween(word.toLowerCase(), candidate.toLowerCase())
    if (slips < bestSlips) [best, bestSlips] = [candidate, slips]
  }
  return best
}

/** `; did you mean "timeout"?`, or nothing: ready to be put at the end of a sentence. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const near = closest(word, candidates)
  return near === undefined ? '' : `; did you mean "${near}"?`
}

/** How an error says that a member of an object, or a key of a file, is none of those that there are. */
export function notKnown(key: string, known: readonly string[]) {
  return {
    /** To be put behind what has it: `retry has "atempts", which is not known; …`. */
    what: `"${key}", which is not known${didYouMean(key, known)}`,
    hint: known.length === 0 ? 'Nothing can be set there.' : `Known: ${known.join(', ')}.`,
    details: { key, known },
  }
}

/** Optimal string alignment: edits plus swaps of neighbours. Words here are short. */
function slipsBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let slips = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      )
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (row > 1 && column > 1 && swapped) slips = Math.min(slips, at(before, column - 2) + 1)
      current.push(slips)
    }
    ;[before, previous] = [previous, current]
  }
  return at(previous, b.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity
}

/** A percentile out of counts by upper bound: exact to the bucket, and even within it. */

/** `undefined` when nothing was counted. Above the last bound it is the last bound. */
export function percentile(
  counts: readonly number[],
  boundsMs: readonly number[],
  fraction: number,
): number | undefined {
  const total = counts.reduce((sum, one) => sum + one, 0)
  if (total <= 0) return undefined
  let left = total * fraction
  for (const [at, count] of counts.entries()) {
    if (count <= 0) continue
    const low = at === 0 ? 0 : (boundsMs[at - 1] ?? 0)
    const high = boundsMs[at] ?? low
    if (left <= count) return roundMs(low + ((high - low) * left) / count)
    left -= count
  }
  return boundsMs.at(-1)
}

/** Three digits are more than such figures are worth. */
function roundMs(ms: number): number {
  return ms < 10 ? Math.round(ms * 100) / 100 : Math.round(ms)
}

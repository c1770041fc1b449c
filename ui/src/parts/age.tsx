/** How long ago, growing by itself; the exact time on hover and for screen readers. */
import { shownAge } from '../figures.ts'
import { now } from '../live.ts'

interface AgeProps {
  readonly atMs: number | undefined
  /** ` ago`, where a sentence needs it. */
  readonly suffix?: string
}

export function Age({ atMs, suffix = '' }: AgeProps) {
  if (atMs === undefined) return <>–</>
  const age = shownAge(Math.max(0, now.value - atMs))
  const exact = new Date(atMs)
  return (
    <time dateTime={exact.toISOString()} title={exact.toString()}>
      {age === 'now' ? age : `${age}${suffix}`}
    </time>
  )
}

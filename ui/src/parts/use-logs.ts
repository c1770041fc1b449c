/** The newest log lines that fit a filter, then what comes: a few redraws a second, however many lines. */
import { useEffect, useMemo, useReducer, useState } from 'preact/hooks'
import type { LogLine } from '../../../src/dashboard/api-types.ts'
import { ApiError, get, query } from '../api.ts'
import { onLogs } from '../live.ts'
import { fitsLogFilter, LogBuffer, shownMax, type LogFilter } from '../log-buffer.ts'
import { unexpected } from '../resource.ts'

export interface Logs {
  readonly buffer: LogBuffer
  readonly error: ApiError | undefined
  /** Shows what has changed in the buffer. */
  redraw(): void
}

const redrawMsMin = 200
const redrawMsMax = 2_000
/** Of its time a page that is flooded may draw one part in so many; the rest is for clicks. */
const drawnShare = 5

export function useLogs(filter: LogFilter): Logs {
  const { phase, job, level, text } = filter
  const buffer = useMemo(() => new LogBuffer(), [phase, job, level, text])
  const [error, setError] = useState<ApiError>()
  const [, redraw] = useReducer<number, void>((count) => count + 1, 0)

  useEffect(() => {
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let early: LogLine[] | undefined = []
    setError(undefined)
    let pauseMs = redrawMsMin
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined
        const beganMs = performance.now()
        redraw()
        afterPaint(() => {
          const tookMs = performance.now() - beganMs
          pauseMs = Math.min(Math.max(drawnShare * tookMs, redrawMsMin), redrawMsMax)
        })
      }, pauseMs)
    }
    const end = onLogs(({ lines, dropped }) => {
      const fitting = lines.filter((line) => fitsLogFilter(line, filter))
      // Before the older lines are there, the new ones wait for their turn.
      if (early === undefined) buffer.add(fitting, dropped)
      else early.push(...fitting)
      soon()
    })
    const older = `logs${query({ phase, job, level, text, limit: shownMax })}`
    get<{ lines: readonly LogLine[] }>(older, abort.signal).then(
      ({ lines }) => {
        const keys = new Set(lines.map(keyOf))
        buffer.add([...lines, ...(early ?? []).filter((line) => !keys.has(keyOf(line)))])
        early = undefined
        redraw()
      },
      (thrown: unknown) => {
        if (abort.signal.aborted) return
        buffer.add(early ?? [])
        early = undefined
        setError(thrown instanceof ApiError ? thrown : unexpected(thrown))
      },
    )
    return () => {
      abort.abort()
      clearTimeout(timer)
      end()
    }
  }, [buffer])

  return { buffer, error, redraw: () => redraw() }
}

function afterPaint(act: () => void): void {
  requestAnimationFrame(() => setTimeout(act))
}

function keyOf({ atMs, worker, jobId, message }: LogLine): string {
  return [atMs, worker, jobId, message].join('\0')
}

/** The newest log lines that fit a filter, then what comes: a few redraws a second, however many lines. */
import { useEffect, useMemo, useReducer, useState } from 'preact/hooks'
import type { LogLine } from '../../../src/dashboard/api-types.ts'
import { fitsFilter, type LogFilter } from '../../../src/dashboard/log-filter.ts'
import { ApiError, get, query } from '../api.ts'
import { onLogs, onResync } from '../live.ts'
import { LogBuffer, shownMax } from '../log-buffer.ts'
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

export function useLogs(filter: LogFilter & { readonly pipeline?: string | undefined }): Logs {
  const { pipeline, phase, job, level, text } = filter
  const buffer = useMemo(() => new LogBuffer(), [pipeline, phase, job, level, text])
  const [error, setError] = useState<ApiError>()
  const [, redraw] = useReducer<number, void>((count) => count + 1, 0)

  useEffect(() => {
    let abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let early: LogLine[] | undefined
    let pauseMs = redrawMsMin
    const asked = { pipeline, phase, job, level, text }
    const fits = (line: LogLine) =>
      fitsFilter(line, filter) && (pipeline === undefined || line.pipeline === pipeline)
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
    /** What came before: until it is there, the new lines wait for their turn. */
    const load = () => {
      abort.abort()
      abort = new AbortController()
      const { signal } = abort
      early ??= []
      const loaded = (older: readonly LogLine[], failure?: ApiError) => {
        buffer.add(older.filter(fits))
        buffer.add(early ?? [])
        early = undefined
        setError(failure)
        redraw()
      }
      get<{ lines: readonly LogLine[] }>(
        `logs${query({ ...asked, limit: shownMax })}`,
        signal,
      ).then(
        ({ lines }) => loaded(lines),
        (thrown: unknown) => {
          if (!signal.aborted) loaded([], thrown instanceof ApiError ? thrown : unexpected(thrown))
        },
      )
    }
    // Whoever has read too slowly has lost lines as well.
    const endResync = onResync(load)
    const end = onLogs(query(asked), ({ lines, dropped }) => {
      const fitting = lines.filter(fits)
      buffer.add(early === undefined ? fitting : [], dropped)
      early?.push(...fitting)
      // A stream begins: lines may have come between it and the one before.
      if (lines.length === 0) load()
      soon()
    })
    load()
    return () => {
      abort.abort()
      clearTimeout(timer)
      endResync()
      end()
    }
  }, [buffer])

  return { buffer, error, redraw: () => redraw() }
}

function afterPaint(act: () => void): void {
  requestAnimationFrame(() => setTimeout(act))
}

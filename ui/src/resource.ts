/**
 * What a page loads. The last good answer stays while a new one is on its way or fails: the error is shown
 * beside it, and nothing that was on the screen disappears.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, get } from './api.ts'
import { onResync } from './live.ts'

export interface Resource<T> {
  readonly data: T | undefined
  readonly error: ApiError | undefined
  readonly isLoading: boolean
  /** Asks again. */
  reload(): void
}

interface Loaded<T> {
  readonly path: string
  readonly data?: T
  readonly error?: ApiError
}

/**
 * @param path below `api/v1/`; undefined loads nothing. Another path forgets the answer of the one before.
 * @param everyMs asks again so often while the page is seen; left out: once
 */
export function useResource<T>(path: string | undefined, everyMs?: number): Resource<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>()
  const [asked, setAsked] = useState(0)
  const isOpen = useRef(false)
  const reload = useCallback(() => setAsked((count) => count + 1), [])

  useEffect(() => {
    if (path === undefined) return
    const abort = new AbortController()
    isOpen.current = true
    get<T>(path, abort.signal).then(
      (data) => {
        if (abort.signal.aborted) return
        isOpen.current = false
        setLoaded({ path, data })
      },
      (error: unknown) => {
        if (abort.signal.aborted) return
        isOpen.current = false
        const shown = error instanceof ApiError ? error : unexpected(error)
        setLoaded((before) => ({ ...(before?.path === path ? before : { path }), error: shown }))
      },
    )
    return () => abort.abort()
  }, [path, asked])

  useEffect(() => onResync(reload), [reload])
  useEffect(() => {
    if (everyMs === undefined) return
    const timer = setInterval(() => {
      // An answer that takes longer than that is waited for, not asked for again.
      if (document.visibilityState === 'visible' && !isOpen.current) reload()
    }, everyMs)
    return () => clearInterval(timer)
  }, [everyMs, reload])

  const current = loaded !== undefined && loaded.path === path ? loaded : undefined
  return {
    data: current?.data,
    error: current?.error,
    isLoading: path !== undefined && current === undefined,
    reload,
  }
}

export function unexpected(error: unknown): ApiError {
  const detail = error instanceof Error ? error.message : String(error)
  return new ApiError({ status: 0, code: 'CT_INTERNAL', detail })
}

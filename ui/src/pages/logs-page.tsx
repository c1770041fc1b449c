/** Lines of all workers as they are written. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { LogFilter } from '../../../src/dashboard/log-filter.ts'
import { counted, shownCount } from '../figures.ts'
import { connection, pipelines } from '../live.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { EmptyNote } from '../parts/empty-note.tsx'
import { ErrorNote } from '../parts/error-note.tsx'
import { Icon } from '../parts/icon.tsx'
import { LogLines } from '../parts/log-lines.tsx'
import { useLogs, type Logs } from '../parts/use-logs.ts'
import { go, link, route } from '../router.ts'

export function LogsPage() {
  const { parameters } = route.value
  const names = ['phase', 'job', 'level', 'text'] as const
  const key = names.map((name) => parameters.get(name) ?? '').join('\0')
  const filter = useMemo<LogFilter>(
    () =>
      Object.fromEntries(
        names.flatMap((name) => {
          const value = parameters.get(name)
          return value === null || value === '' ? [] : [[name, value]]
        }),
      ),
    [key],
  )
  const logs = useLogs(filter)
  const [isPaused, setPaused] = useState(false)
  useEffect(() => {
    if (isPaused) logs.buffer.hold()
  }, [logs.buffer, isPaused])
  const change = (name: (typeof names)[number], value: string) =>
    // Of now: another filter may have been chosen while somebody typed.
    go(link(['logs'], { ...Object.fromEntries(route.value.parameters), [name]: value }), {
      replace: true,
    })

  return (
    <div class="logs-page">
      <header class="page-head">
        <h1>Logs</h1>
        <LogActions logs={logs} isPaused={isPaused} onPause={setPaused} />
      </header>
      <LogFilters filter={filter} onChange={change} />
      {logs.error !== undefined && <ErrorNote error={logs.error} />}
      {logs.buffer.dropped > 0 && (
        <p class="logs-page__dropped" data-testid="dropped">
          {counted(logs.buffer.dropped, 'line')} dropped: they came faster than the dashboard sends.
          A file or collector on the boxes has all of them.
        </p>
      )}
      {logs.buffer.shown.length === 0 && logs.error === undefined ? (
        <NoLines hasFilter={Object.keys(filter).length > 0} />
      ) : (
        <LogLines logs={logs} isPaused={isPaused} />
      )}
    </div>
  )
}

function NoLines({ hasFilter }: { readonly hasFilter: boolean }) {
  return (
    <EmptyNote title={hasFilter ? 'No line fits these filters' : 'No lines yet'}>
      <p>
        {connection.value === 'live' ? 'Listening. ' : ''}
        What workers write with <code>context.log</code> appears here as it comes.
      </p>
    </EmptyNote>
  )
}

interface LogActionsProps {
  readonly logs: Logs
  readonly isPaused: boolean
  readonly onPause: (isPaused: boolean) => void
}

function LogActions({ logs, isPaused, onPause }: LogActionsProps) {
  const { buffer, redraw } = logs
  const toggle = () => {
    if (isPaused) buffer.release()
    else buffer.hold()
    onPause(!isPaused)
    redraw()
  }
  return (
    <div class="page-head__actions">
      {isPaused && <span class="muted">{shownCount(buffer.unseen)} new since</span>}
      <button type="button" class="button button--small" aria-pressed={isPaused} onClick={toggle}>
        <Icon name={isPaused ? 'play' : 'pause'} /> {isPaused ? 'Go on' : 'Pause'}
      </button>
      <button
        type="button"
        class="button button--small"
        onClick={() => {
          buffer.clear()
          redraw()
        }}
      >
        Clear
      </button>
      <CopyButton text={() => ndjson(logs)} label="Copy the lines" />
      <button type="button" class="button button--small" onClick={() => download(ndjson(logs))}>
        <Icon name="download" /> NDJSON
      </button>
    </div>
  )
}

interface LogFiltersProps {
  readonly filter: LogFilter
  readonly onChange: (name: 'phase' | 'job' | 'level' | 'text', value: string) => void
}

function LogFilters({ filter, onChange }: LogFiltersProps) {
  const phases = pipelines.value.flatMap(({ phases: all }) => all.map(({ jobType }) => jobType))
  return (
    <div class="filters" role="search" aria-label="Filter lines">
      <label>
        <span>Phase</span>
        <select
          value={filter.phase ?? ''}
          onChange={(event) => onChange('phase', event.currentTarget.value)}
        >
          <option value="">all</option>
          {[...new Set([...phases, ...(filter.phase === undefined ? [] : [filter.phase])])].map(
            (phase) => (
              <option key={phase}>{phase}</option>
            ),
          )}
        </select>
      </label>
      <label>
        <span>Level</span>
        <select
          value={filter.level ?? ''}
          onChange={(event) => onChange('level', event.currentTarget.value)}
        >
          <option value="">all</option>
          <option value="info">info and above</option>
          <option value="warn">warn and above</option>
          <option value="error">error</option>
        </select>
      </label>
      <FilterField
        name="Job"
        value={filter.job ?? ''}
        onChange={(value) => onChange('job', value)}
      />
      <FilterField
        name="Text"
        value={filter.text ?? ''}
        onChange={(value) => onChange('text', value)}
      />
    </div>
  )
}

interface FilterFieldProps {
  readonly name: string
  readonly value: string
  readonly onChange: (value: string) => void
}

const typingMs = 300

/** Takes effect when somebody stops typing: each change asks the server. */
function FilterField({ name, value, onChange }: FilterFieldProps) {
  const [text, setText] = useState(value)
  const asked = useRef(value)
  const meant = text.trim()
  useEffect(() => {
    // What comes of its own asking is older than what is typed on meanwhile.
    if (value !== asked.current) setText(value)
    asked.current = value
  }, [value])
  useEffect(() => {
    if (meant === value) return
    const timer = setTimeout(() => {
      asked.current = meant
      onChange(meant)
    }, typingMs)
    return () => clearTimeout(timer)
  }, [meant])
  return (
    <label class="filters__text">
      <span>{name}</span>
      <input
        type="search"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  )
}

function ndjson({ buffer }: Logs): string {
  return buffer.kept.map((line) => `${JSON.stringify(line)}\n`).join('')
}

function download(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/x-ndjson' }))
  const anchor = document.createElement('a')
  anchor.href = url
  anchor.download = `carbontube-logs-${new Date().toISOString().replaceAll(':', '')}.ndjson`
  anchor.click()
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

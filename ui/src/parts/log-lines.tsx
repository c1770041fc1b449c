/**
 * The lines themselves. At the bottom they follow; scrolled up, they stand still and a button says how many
 * have come since.
 */
import { Component } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { LogLine } from '../../../src/dashboard/api-types.ts'
import { counted, shownClock } from '../figures.ts'
import { link } from '../router.ts'
import { Icon } from './icon.tsx'
import type { Logs } from './use-logs.ts'

interface LogLinesProps {
  readonly logs: Logs
  /** Held by a button, not by scrolling: the bottom is no reason to go on. */
  readonly isPaused?: boolean
  /** Inside of another page: less high, without the job in every line. */
  readonly isShort?: boolean
}

/** Closer to the end than this counts as at the end. */
const bottomPixels = 24

export function LogLines({ logs, isPaused = false, isShort = false }: LogLinesProps) {
  const { buffer, redraw } = logs
  const box = useRef<HTMLDivElement>(null)
  const { shown, unseen, isHeld } = buffer
  useLayoutEffect(() => {
    if (!buffer.isHeld && box.current !== null) box.current.scrollTop = box.current.scrollHeight
  })

  const scrolled = () => {
    const element = box.current
    if (element === null || isPaused) return
    const below = element.scrollHeight - element.scrollTop - element.clientHeight
    if (below > bottomPixels && !buffer.isHeld) buffer.hold()
    else if (below <= bottomPixels && buffer.isHeld) buffer.release()
    else return
    redraw()
  }
  const follow = () => {
    buffer.release()
    redraw()
  }
  return (
    <div class={isShort ? 'logs logs--short' : 'logs'}>
      <div
        class="logs__lines"
        ref={box}
        onScroll={scrolled}
        role="log"
        aria-live="off"
        aria-label="Log lines"
        tabIndex={0}
        data-testid="log-lines"
      >
        {shown.map((line) => (
          <Line key={line.number} line={line} isShort={isShort} />
        ))}
      </div>
      {isHeld && !isPaused && (
        <button type="button" class="more logs__more" onClick={follow} data-testid="new-lines">
          {unseen === 0 ? 'To the newest' : counted(unseen, 'new line')} <Icon name="down" />
        </button>
      )}
    </div>
  )
}

interface LineProps {
  readonly line: LogLine
  readonly isShort: boolean
}

/** A line never changes: a thousand of them are not compared with themselves at every batch. */
class Line extends Component<LineProps> {
  override shouldComponentUpdate() {
    return false
  }

  render() {
    const { line, isShort } = this.props
    const { atMs, level, phase, jobId, pipeline, message, fields, worker } = line
    return (
      <div class={`log log--${level}`} data-testid="log-line">
        <time class="log__time" title={new Date(atMs).toISOString()}>
          {shownClock(atMs)}
        </time>
        <span class="log__level">{level}</span>
        <span class="log__phase" title={`${pipeline}, worker ${worker}`}>
          {phase}
        </span>
        {!isShort && jobId !== '' && (
          <a class="log__job" href={link(['jobs', pipeline, jobId])} title={jobId}>
            {jobId}
          </a>
        )}
        <span class="log__message">
          {message}
          {fields !== undefined && <span class="log__fields"> {JSON.stringify(fields)}</span>}
        </span>
      </div>
    )
  }
}

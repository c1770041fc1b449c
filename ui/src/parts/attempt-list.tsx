/** Every attempt of a job: where it ran, how it ended, and its stack as a person reads one. */
import type { AttemptView } from '../../../src/dashboard/api-types.ts'
import { shownDuration } from '../figures.ts'
import { now } from '../live.ts'
import { link } from '../router.ts'
import { CopyButton } from './copy-button.tsx'
import { Badge, type Tone } from './state-badge.tsx'

interface AttemptListProps {
  readonly attempts: readonly AttemptView[]
  /** Position of the one that somebody has picked in the timeline. */
  readonly picked: number | undefined
}

const tones: Readonly<Record<AttemptView['outcome'], Tone>> = {
  running: 'busy',
  done: 'good',
  failed: 'bad',
  dead: 'bad',
  cancelled: 'calm',
  lost: 'warn',
}

export function AttemptList({ attempts, picked }: AttemptListProps) {
  if (attempts.length === 0) return <p class="muted">None has started yet.</p>
  return (
    <ol class="attempts">
      {attempts.map((attempt, index) => (
        <Attempt
          key={`${attempt.phaseIndex} ${attempt.attempt} ${attempt.startedMs}`}
          attempt={attempt}
          index={index}
          isPicked={index === picked}
        />
      ))}
    </ol>
  )
}

interface AttemptProps {
  readonly attempt: AttemptView
  readonly index: number
  readonly isPicked: boolean
}

function Attempt({ attempt, index, isPicked }: AttemptProps) {
  const { phase, attempt: number, worker, outcome, error, readyMs, startedMs } = attempt
  const hasStarted = startedMs > 0
  const endMs = attempt.endedMs ?? now.value
  return (
    <li
      class={isPicked ? 'attempts__one attempts__one--picked' : 'attempts__one'}
      data-attempt={index}
      data-testid="attempt"
      tabIndex={-1}
    >
      <p class="attempts__head">
        <strong>{phase}</strong>
        <span class="muted">attempt {number}</span>
        <Badge tone={tones[outcome]} text={outcome} />
        <span class="muted">
          {hasStarted ? shownDuration(Math.max(0, endMs - startedMs)) : 'never started'}
          {readyMs !== undefined &&
            hasStarted &&
            `, after ${shownDuration(Math.max(0, startedMs - readyMs))} in the queue`}
        </span>
      </p>
      {worker !== '' && (
        <p class="attempts__where">
          on{' '}
          <a href={link(['workers'], { q: worker })} class="id">
            {worker}
          </a>
        </p>
      )}
      {error !== undefined && <AttemptError error={error} of={`${phase}, attempt ${number}`} />}
    </li>
  )
}

interface AttemptErrorProps {
  readonly error: NonNullable<AttemptView['error']>
  /** Which attempt, in words. */
  readonly of: string
}

function AttemptError({ error, of }: AttemptErrorProps) {
  const { name, message, stack, kind } = error
  return (
    <div class="failure">
      <div class="failure__head">
        <p class="failure__message">
          <strong>{name}</strong> {message}
        </p>
        {stack !== undefined && <CopyButton text={() => stack} label={`Copy the stack of ${of}`} />}
      </div>
      {stack === undefined ? (
        <p class="muted">No stack: {kind}.</p>
      ) : (
        <pre
          class="code failure__stack"
          tabIndex={0}
          role="region"
          aria-label={`Stack of ${of}`}
          data-testid="stack"
        >
          {stack.split('\n').map((line, at) => (
            <StackLine key={at} line={line} />
          ))}
        </pre>
      )}
    </div>
  )
}

/** Lines of other people's code step back; the place in one's own file stands out. */
function StackLine({ line }: { readonly line: string }) {
  const isFrame = /^\s+at /.test(line)
  const isForeign = isFrame && /node_modules|node:internal|\(node:|at node:|<anonymous>/.test(line)
  const place = isFrame && !isForeign ? /[^\s(/\\]+:\d+(?=:\d+\)?$)/.exec(line) : null
  const look = isForeign ? 'stack__line stack__line--foreign' : 'stack__line'
  if (place === null) return <span class={look}>{`${line}\n`}</span>
  return (
    <span class={look}>
      {line.slice(0, place.index)}
      <b>{place[0]}</b>
      {`${line.slice(place.index + place[0].length)}\n`}
    </span>
  )
}

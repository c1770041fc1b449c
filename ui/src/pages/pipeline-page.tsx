/** One pipeline: how it is defined, and how to give it work, here or from code. */
import type { PhaseDefinition, PipelineDefinition } from '../../../src/dashboard/api-types.ts'
import { segment } from '../api.ts'
import { counted, shownDuration } from '../figures.ts'
import { LoadingNote } from '../parts/empty-note.tsx'
import { EnqueuePanel } from '../parts/enqueue-panel.tsx'
import { ErrorNote } from '../parts/error-note.tsx'
import { JsonText } from '../parts/json-text.tsx'
import { useResource } from '../resource.ts'
import { link } from '../router.ts'

export function PipelinePage({ name }: { readonly name: string }) {
  const { data, error, isLoading, reload } = useResource<PipelineDefinition>(
    `pipelines/${segment(name)}`,
  )
  return (
    <>
      <nav class="crumbs" aria-label="Where this is">
        <a href={link(['pipelines'])}>Pipelines</a>
      </nav>
      <header class="page-head">
        <h1>{name}</h1>
        <p class="page-head__actions">
          <a class="button" href={link(['jobs'], { q: `pipeline:${name}` })}>
            Its jobs
          </a>
        </p>
      </header>
      {error !== undefined && (
        <ErrorNote error={error} isStale={data !== undefined} onRetry={reload} />
      )}
      {isLoading && error === undefined && <LoadingNote />}
      {data !== undefined && (
        <>
          <EnqueuePanel definition={data} />
          <Phases phases={data.phases} />
          <div class="panel-grid">
            <Addresses definition={data} />
            <section class="panel">
              <h2>Input schema</h2>
              {data.inputSchema === undefined ? (
                <p class="muted">
                  This pipeline has no schema that can be shown: its input is checked by its phases.
                </p>
              ) : (
                <JsonText
                  text={JSON.stringify(data.inputSchema, null, 2)}
                  label="JSON Schema of the input"
                />
              )}
            </section>
          </div>
        </>
      )}
    </>
  )
}

function Phases({ phases }: { readonly phases: readonly PhaseDefinition[] }) {
  return (
    <section class="panel">
      <h2>Phases</h2>
      <div class="table-wrap" tabIndex={0} role="region" aria-label="Phases">
        <table class="table table--cards">
          <thead>
            <tr>
              <th scope="col">Phase</th>
              <th scope="col" class="number">
                Time-out
              </th>
              <th scope="col" class="number">
                Attempts
              </th>
              <th scope="col">Waits before a retry</th>
              <th scope="col" class="number" title="A worker that dies with the job">
                Crashes
              </th>
            </tr>
          </thead>
          <tbody>
            {phases.map((phase, at) => (
              <tr key={phase.jobType}>
                <td data-label="Phase">
                  <span>
                    <span class="muted">{at + 1}.</span> {phase.jobType}
                  </span>
                </td>
                <td data-label="Time-out" class="number">
                  {shownDuration(phase.timeoutMs)}
                </td>
                <td data-label="Attempts" class="number">
                  {phase.retry.attempts}
                </td>
                <td data-label="Waits before a retry">{backoffWords(phase.retry)}</td>
                <td data-label="Crashes" class="number">
                  {phase.retry.crashes}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

/** The first three waits say more than a factor. */
function backoffWords({ attempts, firstMs, factor, maxMs }: PhaseDefinition['retry']): string {
  if (attempts <= 1) return 'no retry'
  const count = Math.min(attempts - 1, 3)
  const waits = Array.from({ length: count }, (_, at) => Math.min(firstMs * factor ** at, maxMs))
  const more = attempts - 1 > count ? `, … at most ${shownDuration(maxMs)}` : ''
  return `${waits.map(shownDuration).join(', ')}${more}`
}

function Addresses({ definition }: { readonly definition: PipelineDefinition }) {
  const { addresses, versions } = definition
  return (
    <section class="panel">
      <h2>Where it is</h2>
      <dl class="facts">
        <dt>Clients and tools ask</dt>
        <dd>
          <code>{addresses.router}</code>
        </dd>
        <dt>Or push to</dt>
        <dd>
          {addresses.pull.length === 0
            ? '–'
            : addresses.pull.map((one) => <code key={one}>{one}</code>)}
        </dd>
        <dt>Versions of workers</dt>
        <dd data-testid="versions">
          {Object.keys(versions).length === 0 && 'no workers'}
          {Object.entries(versions).map(([version, count]) => (
            <span key={version} class="facts__one">
              <code>{version}</code> {counted(count, 'worker')}
            </span>
          ))}
        </dd>
      </dl>
    </section>
  )
}

/** The configuration in effect, each value with where it comes from; and how the dashboard looks. */
import type { Settings } from '../../../src/dashboard/api-types.ts'
import { LoadingNote } from '../parts/empty-note.tsx'
import { ErrorNote } from '../parts/error-note.tsx'
import { ThemeSwitch } from '../parts/navigation.tsx'
import { Badge, type Tone } from '../parts/state-badge.tsx'
import { useResource } from '../resource.ts'
import { session } from '../session.ts'
import { ManagerLine } from './overview-page.tsx'

type Source = Settings['options'][number]['source']

const sources: Readonly<Record<Source, { readonly tone: Tone; readonly text: string }>> = {
  default: { tone: 'calm', text: 'default' },
  file: { tone: 'busy', text: 'config file' },
  variable: { tone: 'warn', text: 'environment' },
  flag: { tone: 'good', text: 'flag' },
}

export function SettingsPage() {
  const { data, error, isLoading, reload } = useResource<Settings>('settings')
  return (
    <>
      <header class="page-head">
        <h1>Settings</h1>
      </header>
      <section class="panel">
        <h2>Looks</h2>
        <p class="muted">Kept in this browser. “Auto” does as the system does.</p>
        <ThemeSwitch group="theme-of-settings" />
      </section>
      {error !== undefined && (
        <ErrorNote error={error} isStale={data !== undefined} onRetry={reload} />
      )}
      {isLoading && error === undefined && <LoadingNote />}
      {data !== undefined && (
        <>
          <section class="panel">
            <h2>Configuration in effect</h2>
            <p class="muted">Secrets are never sent to a browser. Changes need a restart.</p>
            <Options options={data.options} />
          </section>
          <section class="panel">
            <h2>Managers</h2>
            {data.managers.length === 0 && <p class="muted">None answers right now.</p>}
            <div class="managers">
              {data.managers.map((manager) => (
                <ManagerLine
                  key={manager.id}
                  manager={manager}
                  shardsTotal={manager.shards.length}
                />
              ))}
            </div>
          </section>
          <p class="muted">
            Version {session.value?.version} · <a href="api/v1/openapi.json">OpenAPI</a> ·{' '}
            <a href="metrics">Metrics for Prometheus</a>
          </p>
        </>
      )}
    </>
  )
}

function Options({ options }: Pick<Settings, 'options'>) {
  return (
    <div class="table-wrap" tabIndex={0} role="region" aria-label="Options">
      <table class="table table--cards" data-testid="options">
        <thead>
          <tr>
            <th scope="col">Option</th>
            <th scope="col">Value</th>
            <th scope="col">From</th>
            <th scope="col">What it does</th>
          </tr>
        </thead>
        <tbody>
          {options.map(({ name, value, source, summary }) => (
            <tr key={name}>
              <td data-label="Option">
                <code>{name}</code>
              </td>
              <td data-label="Value">
                {value === '' ? <span class="muted">not set</span> : <code>{value}</code>}
              </td>
              <td data-label="From">
                <Badge {...sources[source]} />
              </td>
              <td data-label="What it does" class="cell-text">
                {summary}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

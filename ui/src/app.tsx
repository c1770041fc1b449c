/** The frame around every page: who may see it, the navigation, and what is said on all pages. */
import { useEffect, useRef } from 'preact/hooks'
import { connection, snapshot, startLive } from './live.ts'
import { ConnectionBar } from './parts/connection-bar.tsx'
import { ErrorNote } from './parts/error-note.tsx'
import { Navigation } from './parts/navigation.tsx'
import { OperationTray } from './parts/operation-tray.tsx'
import { Toasts } from './parts/toasts.tsx'
import { DeadPage } from './pages/dead-page.tsx'
import { JobPage } from './pages/job-page.tsx'
import { JobsPage } from './pages/jobs-page.tsx'
import { LoginPage } from './pages/login-page.tsx'
import { LogsPage } from './pages/logs-page.tsx'
import { OverviewPage } from './pages/overview-page.tsx'
import { PipelinePage } from './pages/pipeline-page.tsx'
import { PipelinesPage } from './pages/pipelines-page.tsx'
import { SettingsPage } from './pages/settings-page.tsx'
import { WorkersPage } from './pages/workers-page.tsx'
import { link, page, route } from './router.ts'
import { askSession, login } from './session.ts'

export function App() {
  useEffect(() => void askSession(), [])
  const state = login.value
  switch (state.state) {
    case 'asking':
      return <div class="splash" aria-busy="true" />
    case 'out':
      return <LoginPage />
    case 'failed':
      return (
        <main class="splash">
          <ErrorNote error={state.error} onRetry={() => void askSession()} />
        </main>
      )
    case 'in':
      return <Dashboard />
  }
}

function Dashboard() {
  useEffect(startLive, [])
  const main = useRef<HTMLElement>(null)
  const isFirst = useRef(true)
  const isStale = connection.value === 'reconnecting' && snapshot.value !== undefined

  // A new page starts at its top, and a screen reader starts there too; not on the first load.
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false
      return
    }
    scrollTo(0, 0)
    main.current?.focus({ preventScroll: true })
  }, [page.value])

  return (
    <div class="frame">
      <a
        class="skip-link"
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          main.current?.focus()
        }}
      >
        Skip to content
      </a>
      <Navigation />
      <div class="frame__page">
        <ConnectionBar />
        <main id="main" class={isStale ? 'main main--stale' : 'main'} tabIndex={-1} ref={main}>
          <Page />
        </main>
      </div>
      <OperationTray />
      <Toasts />
    </div>
  )
}

function Page() {
  const [name, first, ...others] = route.value.parts
  switch (name) {
    case undefined:
    case 'overview':
      return <OverviewPage />
    case 'workers':
      return <WorkersPage />
    case 'jobs':
      if (first === undefined || others[0] === undefined) return <JobsPage />
      return <JobPage key={page.value} pipeline={first} id={others[0]} />
    case 'dead':
      return <DeadPage />
    case 'logs':
      return <LogsPage />
    case 'pipelines':
      return first === undefined ? <PipelinesPage /> : <PipelinePage key={first} name={first} />
    case 'settings':
      return <SettingsPage />
    default:
      return (
        <div class="note note--empty">
          <h1>There is no page “{route.value.parts.join('/')}”</h1>
          <p>
            <a href={link(['overview'])}>Go to the overview</a>
          </p>
        </div>
      )
  }
}

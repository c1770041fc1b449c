/**
 * Jobs, the newest first, a page at a time. The search is in the URL, so a link shows a colleague the
 * same. Rows are brought up to date where they stand; new ones wait behind “12 new — show”.
 */
import { useEffect, useState } from 'preact/hooks'
import type { JobPage } from '../../../src/dashboard/api-types.ts'
import { get, query } from '../api.ts'
import { arrivedWords } from '../arrived-words.ts'
import { counted, shownCount } from '../figures.ts'
import { onJobsArrived, pipelines } from '../live.ts'
import { BulkBar, type Selection } from '../parts/bulk-bar.tsx'
import { EmptyNote, LoadingNote } from '../parts/empty-note.tsx'
import { ErrorNote } from '../parts/error-note.tsx'
import { JobSearchBar } from '../parts/job-search-bar.tsx'
import { JobTable, keyOf } from '../parts/job-table.tsx'
import { useResource } from '../resource.ts'
import { go, link, route } from '../router.ts'

const pageSize = 50
/** How often the list is asked for again at most, and how often is looked whether that is due. */
const refreshMs = 5_000
const lookMs = 500
const nothing: Selection = { rows: new Map(), isAll: false }

export function JobsPage() {
  const search = route.value.parameters.get('q') ?? ''
  const after = route.value.parameters.get('after') ?? ''
  const path = `jobs${query({ q: search, after, limit: pageSize })}`
  const { data, error, isLoading, reload } = useResource<JobPage>(path)
  const { rows, arrived } = useNewest(data, path)
  const [selection, setSelection] = useState(nothing)
  useEffect(() => setSelection(nothing), [search, after])
  const show = (text: string) => go(link(['jobs'], { q: text }))

  return (
    <>
      <header class="page-head">
        <h1>Jobs</h1>
        <p class="muted page-head__count" data-testid="job-count">
          {data !== undefined && countWords(data)}
        </p>
      </header>
      <JobSearchBar search={search} onSearch={show} />
      {error !== undefined && (
        <ErrorNote error={error} isStale={data !== undefined} onRetry={reload} />
      )}
      {isLoading && error === undefined && <LoadingNote rows={10} />}
      <div class="arrived">
        {arrived !== '' && (
          <button type="button" class="more" data-testid="new-jobs" onClick={reload}>
            {arrived} new — show
          </button>
        )}
      </div>
      {data !== undefined && rows.length > 0 && (
        <>
          <BulkBar
            selection={selection}
            page={data}
            search={search}
            onClear={() => setSelection(nothing)}
            onAll={() => setSelection({ ...selection, isAll: true })}
            onStarted={() => {
              setSelection(nothing)
              reload()
            }}
          />
          <JobTable rows={rows} selection={selection} onSelect={setSelection} />
        </>
      )}
      {data !== undefined && rows.length === 0 && <NoJobs search={search} page={data} />}
      {data !== undefined && <Pages search={search} after={after} next={data.next} />}
    </>
  )
}

function countWords({ count, more, searched, jobs }: JobPage): string {
  if (count !== undefined) return more ? `${shownCount(count)}+ jobs` : counted(count, 'job')
  if (searched === undefined) return counted(jobs.length, 'job')
  return `${counted(jobs.length, 'match', 'matches')} among ${counted(searched, 'job')} looked at`
}

function NoJobs({ search, page }: { readonly search: string; readonly page: JobPage }) {
  if (page.next !== undefined) {
    return (
      <EmptyNote title="Nothing found so far">
        <p>{counted(page.searched ?? 0, 'job')} were looked at; the search goes on with “Next”.</p>
      </EmptyNote>
    )
  }
  if (search !== '') {
    return (
      <EmptyNote title="No job matches this search">
        <p>
          <a href={link(['jobs'])}>Show all jobs</a>
        </p>
      </EmptyNote>
    )
  }
  const name = pipelines.value[0]?.name
  return (
    <EmptyNote title="No jobs yet">
      {name !== undefined && (
        <p>
          <a href={link(['pipelines', name])}>Enqueue the first one</a>, by a form or from your
          code.
        </p>
      )}
    </EmptyNote>
  )
}

interface PagesProps {
  readonly search: string
  readonly after: string
  readonly next: string | undefined
}

function Pages({ search, after, next }: PagesProps) {
  if (after === '' && next === undefined) return null
  return (
    <nav class="pages" aria-label="Pages of jobs">
      {after === '' ? (
        <span />
      ) : (
        <a class="button" href={link(['jobs'], { q: search })}>
          First page
        </a>
      )}
      {next !== undefined && (
        <a class="button" href={link(['jobs'], { q: search, after: next })} data-testid="next-page">
          Next
        </a>
      )}
    </nav>
  )
}

/**
 * What the page's own question answers now: the newest state of its rows, in the order they came in, and how
 * many jobs stand before them that are not on it. Counted from the list itself, so that it is right for any
 * search, and for a job that was stored just before the page was loaded. A job that has left the search stays
 * where it is until somebody asks for the list again.
 */
function useNewest(page: JobPage | undefined, path: string) {
  const [newest, setNewest] = useState<JobPage>()
  const isOpen = page?.jobs.some(({ endedMs }) => endedMs === undefined) === true
  useEffect(() => {
    setNewest(undefined)
    if (page === undefined) return
    // What a list answers late is not about the next one.
    const abort = new AbortController()
    // One that came while the page was loaded has been told of before this listened.
    let hasArrived = true
    let askedMs = Date.now()
    const timer = setInterval(() => {
      if (document.visibilityState !== 'visible' || !(isOpen || hasArrived)) return
      if (Date.now() - askedMs < refreshMs) return
      hasArrived = false
      askedMs = Date.now()
      // When it fails, the bar at the top says that nothing comes any more.
      get<JobPage>(path, abort.signal).then(
        (found) => !abort.signal.aborted && setNewest(found),
        () => {},
      )
    }, lookMs)
    const unhear = onJobsArrived(() => (hasArrived = true))
    return () => {
      abort.abort()
      clearInterval(timer)
      unhear()
    }
  }, [page, path, isOpen])
  const known = page?.jobs ?? []
  const found = newest ?? { jobs: known, next: undefined }
  const updates = new Map(found.jobs.map((row) => [keyOf(row), row]))
  return {
    rows: known.map((row) => updates.get(keyOf(row)) ?? row),
    arrived: arrivedWords(known.map(keyOf), found.jobs.map(keyOf), found.next !== undefined),
  }
}

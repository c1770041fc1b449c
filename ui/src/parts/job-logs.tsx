/** Log lines of one job: the ones known, then live. */
import { EmptyNote } from './empty-note.tsx'
import { ErrorNote } from './error-note.tsx'
import { LogLines } from './log-lines.tsx'
import { useLogs } from './use-logs.ts'

export function JobLogs({ id }: { readonly id: string }) {
  const logs = useLogs({ job: id })
  if (logs.error !== undefined) return <ErrorNote error={logs.error} />
  if (logs.buffer.shown.length === 0) {
    return (
      <EmptyNote title="No lines of this job are known">
        <p>
          Lines of <code>context.log</code> appear here as they are written; the dashboard keeps
          only the newest of all jobs.
        </p>
      </EmptyNote>
    )
  }
  return <LogLines logs={logs} isShort />
}

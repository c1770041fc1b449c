/** Log lines of one job: the ones known, then live. */
import type { JobRow } from '../../../src/dashboard/api-types.ts'
import { EmptyNote } from './empty-note.tsx'
import { ErrorNote } from './error-note.tsx'
import { LogLines } from './log-lines.tsx'
import { useLogs } from './use-logs.ts'

export function JobLogs({ pipeline, id }: Pick<JobRow, 'pipeline' | 'id'>) {
  const logs = useLogs({ pipeline, job: id })
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

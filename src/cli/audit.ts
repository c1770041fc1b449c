/** `audit`: whether the jobs in a store keep what is promised. Reads only; the manager may be at work. */
import { createReadStream, existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Audit, type AuditSummary } from '../audit/audit.ts'
import { isViolation, type Finding } from '../audit/finding.ts'
import { LedgerCheck, type LedgerEntry } from '../audit/ledger.ts'
import type { CommandOptions, GlobalOptions } from '../config/commands.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { StoreFile } from '../storage/sqlite/store-file.ts'
import { checksumOf } from '../wire/requests.ts'
import { jobsOf, openBackend, type OpenBackend } from './backend-jobs.ts'
import { print, style, table } from './command-context.ts'

interface LedgerSummary {
  readonly executions: number
  readonly repeated: number
}

export async function auditStore(
  path: string,
  name: string | undefined,
  options: CommandOptions<'audit'>,
): Promise<number> {
  needFile(path)
  if (options.ledger !== undefined) needFile(options.ledger)
  const audit = new Audit({ checksumOf, onFinding: (finding) => showFinding(finding, options) })
  const backend = await openBackend(path, name)
  const isChecked = options.ledger !== undefined
  const ledger =
    backend === undefined
      ? readFileJobs(path, name, { audit, isChecked })
      : await readBackendJobs(backend, audit, isChecked)
  if (ledger !== undefined) await readLedger(options.ledger ?? '', audit, ledger)
  showSummary(audit.summary, ledger, options)
  return judge(path, audit.summary)
}

function readFileJobs(
  path: string,
  name: string | undefined,
  { audit, isChecked }: { readonly audit: Audit; readonly isChecked: boolean },
): LedgerCheck | undefined {
  const file = StoreFile.open(path)
  try {
    if (name !== undefined) refuseOther(path, name, file.facts().pipeline)
    const ledger = isChecked ? new LedgerCheck(file.facts().jobTypes) : undefined
    readJobs(file, audit, ledger)
    return ledger
  } finally {
    file.close()
  }
}

function refuseOther(path: string, name: string, pipeline: string): void {
  if (name === pipeline) return
  const message = `${path} has the jobs of pipeline "${pipeline}", not of "${name}"`
  throw new CarbontubeError('CT_UNKNOWN_PIPELINE', message, {
    hint: 'Leave the name out, or give the store file of that pipeline: usually .carbontube/NAME.db.',
    details: { path, known: [pipeline] },
  })
}

async function readBackendJobs(
  backend: OpenBackend,
  audit: Audit,
  isChecked: boolean,
): Promise<LedgerCheck | undefined> {
  const ledger = isChecked ? new LedgerCheck(backend.jobTypes) : undefined
  try {
    for await (const { record, attempts } of jobsOf(backend)) {
      audit.add(record, attempts)
      ledger?.expect(record, attempts)
    }
    return ledger
  } finally {
    await backend.storage.close()
  }
}

function needFile(path: string): void {
  if (existsSync(path)) return
  throw new CarbontubeError('CT_FILE_NOT_FOUND', `there is no file ${path}`, { details: { path } })
}

function readJobs(file: StoreFile, audit: Audit, ledger: LedgerCheck | undefined): void {
  for (const { id, job } of file.jobs()) {
    if (job instanceof Error) {
      audit.found({ code: 'historyUnreadable', jobId: id, what: job.message })
      continue
    }
    audit.add(job.record, job.attempts)
    ledger?.expect(job.record, job.attempts)
  }
}

async function readLedger(path: string, audit: Audit, ledger: LedgerCheck): Promise<void> {
  let line = 0
  for await (const text of createInterface({
    input: createReadStream(path),
    crlfDelay: Infinity,
  })) {
    line += 1
    if (text.trim() !== '') ledger.add(entryOf(text, `${path}:${line}`))
  }
  for (const finding of ledger.findings()) audit.found(finding)
}

/** Other fields are the ledger's own business. */
function entryOf(text: string, where: string): LedgerEntry {
  const entry = parsed(text)
  const { jobId, phase, fence } = entry ?? {}
  const isPhase = typeof phase === 'string' || typeof phase === 'number'
  if (typeof jobId === 'string' && isPhase && typeof fence === 'string') {
    return { jobId, phase, fence }
  }
  throw new CarbontubeError(
    'CT_BAD_OPTION',
    `${where} is no entry of a ledger: ${text.slice(0, 80)}`,
    {
      hint: 'Each line is {"jobId": …, "phase": …, "attempt": …, "fence": …}, as `context` has them.',
    },
  )
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function showFinding(finding: Finding, options: GlobalOptions): void {
  if (options.json) print({ type: 'finding', isViolation: isViolation(finding), ...finding })
  else {
    const { code, jobId, what } = finding
    print(`${style(isViolation(finding) ? 'red' : 'yellow', code)}  ${jobId}  ${what}`)
  }
}

function showSummary(
  summary: AuditSummary,
  ledger: LedgerSummary | undefined,
  options: GlobalOptions,
): void {
  const { executions, repeated } = ledger ?? {}
  if (options.json) {
    print({
      type: 'summary',
      ...summary,
      ...(ledger === undefined ? {} : { executions, repeated }),
    })
    return
  }
  const { states, truncated, violations, warnings } = summary
  const rows = Object.entries(states)
  print(table(['state', 'jobs'], rows))
  if (truncated > 0) print(`${truncated} with only the end of their history: less could be checked`)
  if (ledger !== undefined) print(`${executions} executions, ${repeated} of them not the first`)
  print(`${violations} violations, ${warnings} warnings`)
}

function judge(path: string, { violations, jobs }: AuditSummary): number {
  if (violations === 0) return 0
  throw new CarbontubeError(
    'CT_AUDIT_FAILED',
    `${path}: ${violations} violations in ${jobs} jobs`,
    {
      hint: 'Please report it, with the lines above and the history of the jobs (`jobs show`).',
      details: { violations, jobs },
    },
  )
}

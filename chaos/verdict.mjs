// What is true at the end of a campaign, by three witnesses: the audit of the command line, the records of
// the store as they are, and what the client had been told.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { StoreFile } from '../dist/storage/sqlite/store-file.js'
import { decodeInstructions } from '../dist/wire/instructions.js'

const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const findingsShown = 20

/**
 * @param {{ store: string, ledger: string, acknowledged: ReadonlySet<string>, jobTypes: readonly string[] }} parts
 */
export async function judge({ store, ledger, acknowledged, jobTypes }) {
  const audit = await runAudit(store, ledger)
  const record = readRecord(store, jobTypes)
  const lost = [...acknowledged].filter((id) => !record.ids.has(id))
  const findings = [
    ...audit.findings,
    ...record.findings,
    ...(lost.length === 0 ? [] : [`${lost.length} acknowledged jobs are lost, as ${lost[0]}`]),
  ]
  const { states, unsettled, doubles } = record
  return { findings, states, unsettled, doubles, lost: lost.length, ...audit.summary }
}

async function runAudit(store, ledger) {
  const args = [cli, 'audit', store, '--ledger', ledger, '--json']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { out: '', error: '' }
  child.stdout.on('data', (piece) => (said.out += piece))
  child.stderr.on('data', (piece) => (said.error += piece))
  const [code] = await once(child, 'close')
  const lines = said.out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  const {
    executions = 0,
    repeated = 0,
    violations,
    warnings,
  } = lines.find(({ type }) => type === 'summary') ?? {}
  const found = lines.filter(({ type }) => type === 'finding')
  return {
    summary: { executions, repeated, violations, warnings },
    findings: [
      ...found.slice(0, findingsShown).map((one) => `audit: ${JSON.stringify(one)}`),
      ...(code === 0 ? [] : [`audit ended with ${code}: ${said.error.slice(0, 600)}`]),
    ],
  }
}

/** Every record of the store, without the help of the audit. */
function readRecord(store, jobTypes) {
  const ids = new Set()
  /** @type {Record<string, number>} */
  const states = {}
  const findings = []
  let unsettled = 0
  let doubles = 0
  const file = StoreFile.open(store)
  try {
    for (const { id, job } of file.jobs()) {
      ids.add(id)
      if (job instanceof Error) throw job
      const { record, attempts } = job
      const state = record.state === 'dead' ? `dead: ${record.deathReason}` : record.state
      states[state] = (states[state] ?? 0) + 1
      if (record.state === 'ready' || record.state === 'scheduled') unsettled += 1
      const done = attempts.filter(({ outcome }) => outcome === 'done')
      if (new Set(done.map(({ phase }) => phase)).size < done.length) doubles += 1
      if (record.state === 'done') findings.push(...wrongResults(record, done, jobTypes))
    }
  } finally {
    file.close()
  }
  if (unsettled > 0) findings.push(`${unsettled} jobs have not settled`)
  if (doubles > 0) findings.push(`${doubles} jobs have a phase that was completed twice`)
  return { ids, states, unsettled, doubles, findings: findings.slice(0, findingsShown) }
}

/** Each phase has left its fence in the job: it must be that of the run whose result is recorded. */
function wrongResults({ id, instructions }, done, jobTypes) {
  const result = decodeInstructions(instructions)
  return jobTypes.flatMap((jobType, index) => {
    const token = done.find(({ phase }) => phase === index)?.token ?? ''
    const fence = String(result[jobType])
    const isTrue = token.startsWith(`${fence}-`)
    return isTrue ? [] : [`${id} has the result ${fence} in ${jobType}, recorded is ${token}`]
  })
}

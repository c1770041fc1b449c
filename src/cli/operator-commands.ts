/**
 * What the commands of operators take: `pause`, `resume`, `jobs retry`, `dead …`, `workers …`, `audit`,
 * `doctor`. `main.ts` has the others.
 */
import type { Command } from 'commander'

type Action = (...values: never[]) => Promise<number>

/** What `main.ts` lends. */
export interface CommandTools {
  /** Makes a command out of a function, whose code is loaded when it runs. */
  run(action: () => Promise<Action>): (...values: unknown[]) => Promise<void>
  whole(value: string): number
  /** The command `jobs`, to which `jobs retry` is added. */
  readonly jobs: Command
}

export function addOperatorCommands(program: Command, tools: CommandTools): void {
  const { run, jobs } = tools
  program
    .command('pause <address>')
    .description('grant nothing new; what runs goes on. It outlives a restart of the manager')
    .option('--phase <jobType>', 'only this phase')
    .action(run(async () => (await import('./operate.ts')).pause))
  program
    .command('resume <address>')
    .description('take back a pause: that of the whole pipeline, or of one phase')
    .option('--phase <jobType>', 'only this phase')
    .action(run(async () => (await import('./operate.ts')).resume))
  addDeadCommands(program.command('dead').description('dead jobs: look, redrive, discard'), tools)
  jobs
    .command('retry <address> <id>')
    .description('a new job that does a settled one again; `replayOf` names the old one')
    .option('--from-phase <jobType>', 'begin with this phase (default: the first)')
    .option('--instructions <json5>', 'JSON5 or @file, merged over those of the old job')
    .action(run(async () => (await import('./operate.ts')).retryJob))
  program
    .command('audit <storeFile>')
    .description('whether the jobs in an SQLite store keep what is promised; reads only')
    .option('--ledger <file>', 'NDJSON that the phases wrote: {jobId, phase, attempt, fence}')
    .action(run(async () => (await import('./audit.ts')).auditStore))
  program
    .command('doctor <storeFile>')
    .description('whether an SQLite store is sound, and has what it needs; reads only')
    .action(run(async () => (await import('./doctor.ts')).doctor))
  const workers = program.command('workers').description('look at workers, or send one away')
  workers
    .command('list <address>')
    .description('who is connected, and how busy')
    .action(run(async () => (await import('./operate.ts')).listWorkers))
  workers
    .command('drain <address> <worker>')
    .description('a worker takes no more, finishes what runs, and ends')
    .action(run(async () => (await import('./operate.ts')).drainWorker))
}

function addDeadCommands(dead: Command, { run, whole }: CommandTools): void {
  dead
    .command('list <address>')
    .description('dead jobs, newest first')
    .option('--phase <jobType>')
    .option('--error <text>', 'part of the last error')
    .option('--limit <n>', 'rows, at most 100', whole)
    .option('--after <cursor>', 'the next page')
    .action(run(async () => (await import('./operate.ts')).listDead))
  dead
    .command('redrive <address> [ids...]')
    .description('the same jobs, ready again at the phase in which they failed')
    .option('--all', 'every dead job')
    .option('--phase <jobType>', 'with --all: only those that failed in this phase')
    .option('--error <text>', 'with --all: only those with this in their last error')
    .action(run(async () => (await import('./operate.ts')).redrive))
  dead
    .command('discard <address> <ids...>')
    .description('take dead jobs out of the store for good')
    .action(run(async () => (await import('./operate.ts')).discard))
}

#!/usr/bin/env node
/**
 * The command line: which commands there are and what they take. The only place that reads argv and ends
 * the process; stdout is data, stderr everything else. Flag > CARBONTUBE_* > default.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { durationMs, type Duration } from '../config/duration.ts'
import { print, reportError, type GlobalOptions } from './command-context.ts'
import { addOperatorCommands } from './operator-commands.ts'
import { packageVersion } from './version.ts'

type Action = (...values: never[]) => Promise<number>

const program = new Command('carbontube')
  .description('Define worker pipelines in a few classes and scale them over many boxes.')
  .option('--json', 'data as JSON, one value a line; log lines too')
  .addOption(new Option('--log-level <level>').choices(['debug', 'info', 'warn', 'error']))
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })

/** Loads the code of a command only when it runs: `--help` must be quick. */
function run(action: () => Promise<Action>) {
  return async (...values: unknown[]) => {
    const command = values.at(-1) as Command
    const args = [...values.slice(0, -2), command.optsWithGlobals()]
    process.exitCode = await (await action())(...(args as never[]))
  }
}

function whole(value: string): number {
  const number = Number(value)
  if (Number.isInteger(number) && number >= 1 && number <= 100_000) return number
  throw new InvalidArgumentError('It must be a whole number from 1.')
}

function priority(value: string): number {
  const number = Number(value)
  if (Number.isInteger(number) && Math.abs(number) <= 10) return number
  throw new InvalidArgumentError('It must be a whole number from -10 to 10.')
}

function duration(value: string): number {
  return durationMs(/^\d+$/.test(value) ? Number(value) : (value as Duration), 'the duration')
}

function repeatable(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}

const managerDoors = (command: Command) =>
  command
    .addOption(new Option('--pull-bind <address>', 'results and jobs').env('CARBONTUBE_PULL_BIND'))
    .option('--pull-connect <address>', 'a streamer to read from (repeatable)', repeatable)
    .option('--router-bind <address>', 'acknowledged requests (default: pull door’s port + 1)')
    .addOption(new Option('--sub-bind <address>', 'workers’ events').env('CARBONTUBE_SUB_BIND'))
    .option('--sub-connect <address>', 'a forwarder to read from (repeatable)', repeatable)
    .option('--pub-bind <address>', 'all events (default: sub door’s port + 1)')
    .option('--manager-id <name>', 'name for people (default: host and pid)')

managerDoors(program.command('pipeline <file> [name]'))
  .description('run the manager of a pipeline')
  .action(run(async () => (await import('./serve.ts')).servePipeline))

program
  .command('phase <file> <jobType>')
  .description('run a worker of one phase')
  .option('--concurrency <n>', 'jobs at once (default: the phase’s own)', whole)
  .option('--pull-bind <address>', 'where grants arrive (default: a free port)')
  .option('--pull-connect <address>', 'a relay that serves this worker (repeatable)', repeatable)
  .option('--advertise <address>', 'what managers are told to push to')
  .option(
    '--push-connect <address>',
    'a manager’s pull door, or a streamer (repeatable)',
    repeatable,
  )
  .option(
    '--pub-connect <address>',
    'a manager’s sub door, or a forwarder (repeatable)',
    repeatable,
  )
  .option('--drain <duration>', 'longest wait for running jobs at SIGTERM (default: 30s)', duration)
  .action(run(async () => (await import('./serve.ts')).servePhase))

managerDoors(program.command('bundle <file> [name]'))
  .description('run manager and one worker process per phase')
  .option('--concurrency <n>', 'jobs at once in each worker', whole)
  .action(run(async () => (await import('./serve.ts')).serveBundle))

program
  .command('enqueue <address> <pipeline> <instructions>')
  .description('enqueue a job: JSON or JSON5, @file, or - for NDJSON from stdin')
  .option('--wait', 'wait for the result and print it')
  .option('--timeout <duration>', 'longest wait for a result', duration)
  .option('--id <id>', 'your own job id; enqueueing it again is safe')
  .option('--priority <n>', '-10 to 10, higher first', priority)
  .action(run(async () => (await import('./enqueue.ts')).enqueue))

program
  .command('status <address>')
  .description('how a pipeline is doing')
  .action(run(async () => (await import('./inspect.ts')).showStatus))

program
  .command('check <file>')
  .description('load a file, print its pipelines and phases; opens no socket')
  .action(run(async () => (await import('./inspect.ts')).checkFile))

const jobs = program.command('jobs').description('look at jobs')
jobs
  .command('list <address>')
  .description('jobs, newest first')
  .option('--state <state>', 'ready, scheduled, done, dead, cancelled or unsettled')
  .option('--phase <jobType>')
  .option('--error <text>', 'part of the last error')
  .option('--limit <n>', 'rows, at most 100', whole)
  .option('--after <cursor>', 'the next page')
  .action(
    run(async () => {
      const { listJobs } = await import('./inspect.ts')
      return (address: string, options: GlobalOptions & Record<string, string>) => {
        const { json, logLevel, ...query } = options
        return listJobs(address, query, {
          ...(json === undefined ? {} : { json: true }),
          ...(logLevel === undefined ? {} : { logLevel }),
        })
      }
    }),
  )
jobs
  .command('show <address> <id>')
  .description('one job with its history')
  .action(run(async () => (await import('./inspect.ts')).showJob))
jobs
  .command('cancel <address> <id>')
  .description('cancel a job, also a running one')
  .action(run(async () => (await import('./inspect.ts')).cancelJob))

program
  .command('streamer')
  .description('relay results: PULL to PUSH')
  .option('--pull-bind <address>')
  .option('--push-bind <address>')
  .option('--push-connect <address>', 'repeatable', repeatable)
  .action(run(async () => (await import('./relay.ts')).serveStreamer))

program
  .command('forwarder')
  .description('relay events: SUB to PUB, subscriptions passed on')
  .option('--sub-bind <address>')
  .option('--pub-bind <address>')
  .option('--pub-connect <address>', 'repeatable', repeatable)
  .action(run(async () => (await import('./relay.ts')).serveForwarder))

program
  .command('version')
  .description('print the version')
  .action(
    run(async () => (options: GlobalOptions) => {
      print(options.json === true ? { version: packageVersion } : packageVersion)
      return Promise.resolve(0)
    }),
  )

addOperatorCommands(program, { run, whole, jobs })

// Whoever read our data has read enough: `carbontube jobs list … | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const isJson = process.argv.includes('--json')
try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2
  } else process.exitCode = reportError(error, { json: isJson })
}
// Nothing must keep a finished command alive: sockets are closed, signals are not awaited.
if (process.exitCode !== undefined) {
  await new Promise((resolve) => process.stdout.write('', resolve))
  process.exit()
}

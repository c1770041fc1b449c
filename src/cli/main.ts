#!/usr/bin/env node
/**
 * The command line: the commands of the table in `config/`, each with the code that runs it. The only
 * place that reads argv and ends the process; stdout is data, stderr everything else.
 */
import { Command, CommanderError, Option as Flag } from 'commander'
import { commandGroups, commands, globalOptions, sectionOf } from '../config/commands.ts'
import type { CommandDeclaration, CommandName, CommandOptions } from '../config/commands.ts'
import { defaultOf, flagOf, isRepeatable, type Option, type Options } from '../config/option.ts'
import { print, reportError, say } from './command-context.ts'
import { throwUsageErrors } from './usage-error.ts'
import { packageVersion } from './version.ts'

const program = new Command('carbontube')
  .description('Define worker pipelines in a few classes and scale them over many boxes.')
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    'after',
    '\nMost options are a variable too (--pull-bind: CARBONTUBE_PULL_BIND), and a key in\n' +
      'carbontube.config.json: { pipeline: { pullBind: … } }. A flag is stronger than a variable,\n' +
      'and a variable than the file.',
  )
throwUsageErrors(program)
addFlags(program, globalOptions)

/** How errors are told; until the options are known, what argv says. */
let output: { readonly json: boolean } = { json: process.argv.includes('--json') }

/** The code of a command is loaded when it runs: `--help` must be quick. */
function define<
  N extends CommandName,
  A extends readonly [...(string | readonly string[] | undefined)[], CommandOptions<N>],
>(name: N, load: () => Promise<(...values: A) => Promise<number>>): void {
  const { args, summary, options, notes = '' }: CommandDeclaration = commands[name]
  const last = name.split(' ').at(-1) ?? name
  const command = parentOf(name).command(`${last} ${args}`.trim()).description(summary)
  command.addHelpText('after', notes)
  throwUsageErrors(command)
  addFlags(command, options)
  command.action(async (...values: unknown[]) => {
    const { optionsFor } = await import('./configure.ts')
    const resolved = optionsFor(name, command.optsWithGlobals())
    output = resolved
    const act = await load()
    // Commander gives the positional arguments, its own options and the command.
    const given = [...values.slice(0, -2), resolved] as unknown as A
    process.exitCode = await act(...given)
  })
}

function parentOf(name: CommandName): Command {
  const group = sectionOf(name)
  if (group === name) return program
  const existing = program.commands.find((command) => command.name() === group)
  if (existing !== undefined) return existing
  const made = program.command(group).description(commandGroups[group] ?? '')
  throwUsageErrors(made)
  return made
}

function addFlags(command: Command, options: Options): void {
  for (const [key, option] of Object.entries(options)) {
    const { placeholder } = option.kind
    const value = placeholder === '' ? '' : ` <${placeholder}>`
    const short = option.short === undefined ? '' : `-${option.short}, `
    const flag = new Flag(`${short}${flagOf(key)}${value}`, helpOf(option))
    command.addOption(isRepeatable(option) ? flag.argParser(repeatable) : flag)
  }
}

function helpOf(option: Option): string {
  const { name, wanted } = option.kind
  const fallback = defaultOf(option)
  const notes = [
    ...(name === 'choice' || name === 'count' ? [wanted] : []),
    ...(isRepeatable(option) ? ['repeatable'] : []),
    ...(option.required === true ? ['required'] : []),
    ...(fallback === '' || name === 'flag' || option.required ? [] : [`default: ${fallback}`]),
  ]
  return notes.length === 0 ? option.summary : `${option.summary} (${notes.join('; ')})`
}

function repeatable(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}

define('pipeline', async () => (await import('./serve.ts')).servePipeline)
define('phase', async () => (await import('./serve.ts')).servePhase)
define('bundle', async () => (await import('./bundle.ts')).serveBundle)
define('enqueue', async () => (await import('./enqueue.ts')).enqueue)
define('status', async () => (await import('./inspect.ts')).showStatus)
define('check', async () => (await import('./inspect.ts')).checkFile)
define('jobs list', async () => (await import('./inspect.ts')).listJobs)
define('jobs show', async () => (await import('./inspect.ts')).showJob)
define('jobs cancel', async () => (await import('./inspect.ts')).cancelJob)
define('jobs retry', async () => (await import('./operate.ts')).retryJob)
define('pause', async () => (await import('./operate.ts')).pause)
define('resume', async () => (await import('./operate.ts')).resume)
define('dead list', async () => (await import('./operate.ts')).listDead)
define('dead redrive', async () => (await import('./operate.ts')).redrive)
define('dead discard', async () => (await import('./operate.ts')).discard)
define('workers list', async () => (await import('./operate.ts')).listWorkers)
define('workers drain', async () => (await import('./operate.ts')).drainWorker)
define('workers resume', async () => (await import('./operate.ts')).resumeWorker)
define('top', async () => (await import('./top.ts')).showTop)
define('logs', async () => (await import('./logs.ts')).followLogs)
define('audit', async () => (await import('./audit.ts')).auditStore)
define('doctor', async () => (await import('./doctor.ts')).doctor)
define('web', async () => (await import('./web.ts')).serveWeb)
define('web-token', async () => (await import('./web.ts')).makeToken)
define('streamer', async () => (await import('./relay.ts')).serveStreamer)
define('forwarder', async () => (await import('./relay.ts')).serveForwarder)
define('completion', async () => (await import('./completion.ts')).printCompletion)
define('version', () =>
  Promise.resolve((options: CommandOptions<'version'>) => {
    print(options.json ? { version: packageVersion } : packageVersion)
    return Promise.resolve(0)
  }),
)

// Nobody reads on (`carbontube enqueue … | head -1`, a log collector that ends), or the disk that it goes to is
// full: what is at work goes on all the same. Data that was not written shows in the exit code.
let unwritten: Error | undefined
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') unwritten ??= error
})
process.stderr.on('error', () => undefined)

/** The ways in which people ask for the version or for help, besides those of the table. */
function asked(words: readonly string[]): readonly string[] {
  const [first = '', ...rest] = words
  if (['--version', '-V', '-v'].includes(first)) return ['version', ...rest]
  // Commander's `help` knows one word, and would show that of the group.
  return first === 'help' && rest.length > 1 ? [...rest, '--help'] : words
}

try {
  await program.parseAsync(asked(process.argv.slice(2)), { from: 'user' })
} catch (error) {
  // Help that was asked for ends so.
  process.exitCode = error instanceof CommanderError ? error.exitCode : reportError(error, output)
}
// Nothing must keep a finished command alive: sockets are closed, signals are not awaited.
if (process.exitCode !== undefined) {
  await new Promise((resolve) => process.stdout.write('', resolve))
  if (unwritten !== undefined) {
    say(`not all could be written to stdout: ${unwritten.message}`)
    if (process.exitCode === 0) process.exitCode = 1
  }
  process.exit()
}

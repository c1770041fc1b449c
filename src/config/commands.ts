/**
 * The commands and their options, once. From this table come the flags, the variables, the keys of the
 * configuration file, the types that the commands receive, every message about a wrong value, and
 * docs/reference/options.generated.md. A new option is one entry.
 */
import {
  address,
  addresses,
  choice,
  count,
  duration,
  endpoint,
  flag,
  text,
  texts,
} from './kinds.ts'

import { option, type Option, type Options, type Resolved } from './option.ts'

const flagOnly = { sources: ['flag'] } as const
const logLevel = choice('level', ['debug', 'info', 'warn', 'error'])

/** Of every command; at the top level of the file. */
export const globalOptions = {
  json: option(flag, { summary: 'Data as JSON, one value a line; log lines too.', default: false }),
  logLevel: option(logLevel, {
    summary: 'The least severe log lines that are written.',
    default: 'info',
  }),
  config: option(text('file'), {
    summary: 'The configuration file, in JSON5.',
    otherwise: 'carbontube.config.json, if it is there',
    sources: ['flag', 'variable'],
  }),
} satisfies Options

const managerOptions = {
  pullBind: option(address, {
    summary: 'Where results and jobs arrive.',
    default: 'tcp://127.0.0.1:5050',
  }),
  pullConnect: option(addresses, { summary: 'Streamers to read results and jobs from.' }),
  routerBind: option(address, {
    summary: 'Where requests arrive and are answered.',
    otherwise: 'the pull door’s port + 1',
  }),
  subBind: option(address, {
    summary: 'Where the events of workers arrive.',
    default: 'tcp://127.0.0.1:6000',
  }),
  subConnect: option(addresses, { summary: 'Forwarders to read events of workers from.' }),
  pubBind: option(address, {
    summary: 'Where all events can be subscribed to.',
    otherwise: 'the sub door’s port + 1',
  }),
  managerId: option(text('name'), {
    summary: 'A name of the manager, for people.',
    otherwise: 'host and process id',
  }),
  shards: option(count({ min: 1, max: 256 }), {
    summary: 'Into how many shards a new pipeline is divided, for several managers.',
    otherwise: 'as it was created, 1 when it is new',
  }),
} satisfies Options

const drain = option(duration, {
  summary: 'The longest wait for running jobs at SIGTERM.',
  default: 30_000,
})

const concurrency = option(count({ min: 1, max: 100_000 }), {
  summary: 'How many jobs a worker runs at once.',
  unit: 'jobs',
  otherwise: 'the phase’s own',
})

const tracing = option(flag, {
  summary: 'Every run is a span of OpenTelemetry; needs @opentelemetry/api and an SDK.',
  default: false,
})

const workerOptions = {
  concurrency,
  tracing,
  pullBind: option(address, { summary: 'Where grants arrive.', otherwise: 'a free port' }),
  pullConnect: option(addresses, {
    summary: 'Relays that bring grants to this worker, instead of a port of its own.',
  }),
  advertise: option(address, {
    summary: 'The address that managers are told to push to.',
    otherwise: 'where grants arrive',
  }),
  pushConnect: option(addresses, {
    summary: 'Pull doors of managers, or streamers.',
    default: [managerOptions.pullBind.default],
  }),
  pubConnect: option(addresses, {
    summary: 'Sub doors of managers, or forwarders.',
    default: [managerOptions.subBind.default],
  }),
  drain,
} satisfies Options

const askOptions = {
  timeout: option(duration, { summary: 'The longest wait for an answer.', default: 5_000 }),
} satisfies Options

const enqueueOptions = {
  wait: option(flag, {
    summary: 'Wait for the result and print it.',
    default: false,
    ...flagOnly,
  }),
  timeout: option(duration, {
    summary: 'The longest wait for a result.',
    default: 86_400_000,
    variable: 'CARBONTUBE_RESULT_TIMEOUT',
  }),
  id: option(text('id'), {
    summary: 'Your own job id; enqueueing it again is safe.',
    otherwise: 'a new one',
    ...flagOnly,
  }),
  priority: option(count({ min: -10, max: 10 }), {
    summary: 'Higher goes first.',
    default: 0,
    ...flagOnly,
  }),
} satisfies Options

const listedStates = choice('state', [
  ...(['ready', 'running', 'scheduled', 'done', 'dead', 'cancelled', 'unsettled'] as const),
])

const listOptions = {
  ...askOptions,
  state: option(listedStates, {
    summary: 'Only jobs in this state.',
    ...flagOnly,
  }),
  phase: option(text('jobType'), { summary: 'Only jobs in this phase.', ...flagOnly }),
  error: option(text('text'), {
    summary: 'Only jobs whose last error has this text in it.',
    ...flagOnly,
  }),
  limit: option(count({ min: 1, max: 100 }), {
    summary: 'How many are shown.',
    unit: 'jobs',
    default: 100,
    ...flagOnly,
  }),
  after: option(text('cursor'), {
    summary: 'The next page, as the one before has named it; with --json in a last line on stderr.',
    ...flagOnly,
  }),
} satisfies Options

const onlyPhase = {
  ...askOptions,
  phase: option(text('jobType'), { summary: 'Only this phase.', ...flagOnly }),
} satisfies Options

const retryOptions = {
  ...askOptions,
  fromPhase: option(text('jobType'), {
    summary: 'Begin with this phase.',
    otherwise: 'the first',
    ...flagOnly,
  }),
  instructions: option(text('json5'), {
    summary: 'JSON5 or @file, merged over those of the old job.',
    ...flagOnly,
  }),
} satisfies Options

const { state: _state, ...deadListOptions } = listOptions

const redriveOptions = {
  ...askOptions,
  all: option(flag, { summary: 'Every dead job.', default: false, ...flagOnly }),
  phase: option(text('jobType'), {
    summary: 'With --all: only those that failed in this phase.',
    ...flagOnly,
  }),
  error: option(text('text'), {
    summary: 'With --all: only those with this in their last error.',
    ...flagOnly,
  }),
} satisfies Options

const logsOptions = {
  ...askOptions,
  follow: option(flag, {
    summary: 'As ever: logs are not kept, so what comes from now on is shown, until it is stopped.',
    short: 'f',
    default: false,
    ...flagOnly,
  }),
  phase: option(text('jobType'), { summary: 'Only of this phase.', ...flagOnly }),
  job: option(text('id'), { summary: 'Only of this job.', ...flagOnly }),
  level: option(logLevel, {
    summary: 'The least severe lines that are shown.',
    default: 'debug',
    ...flagOnly,
  }),
  text: option(text('text'), { summary: 'Only lines that have this in them.', ...flagOnly }),
} satisfies Options

const auditOptions = {
  ledger: option(text('file'), {
    summary: 'NDJSON that the phases wrote: {jobId, phase, attempt, fence}.',
    ...flagOnly,
  }),
} satisfies Options

const insecureNoAuth = option(flag, {
  summary: 'Away from loopback without a token: whoever reaches the port may do everything.',
  default: false,
})

const tokenTraits = {
  summary: 'Who may use the dashboard: name:role:hash, as `carbontube web-token` makes it.',
  otherwise: 'whoever reaches it, which has to be on this machine',
  variable: 'CARBONTUBE_WEB_TOKEN',
} as const

const webOptions = {
  bind: option(endpoint, {
    summary: 'Where browsers find the dashboard.',
    default: { host: '127.0.0.1', port: 8080 },
    variable: 'CARBONTUBE_WEB_BIND',
  }),
  token: option(texts('name:role:hash'), tokenTraits),
  insecureNoAuth,
  ...askOptions,
} satisfies Options

const bundledWebOptions = {
  web: option(endpoint, {
    summary: 'Where browsers find a dashboard of this pipeline, for example 127.0.0.1:8080.',
    otherwise: 'no dashboard',
  }),
  webToken: option(texts('name:role:hash'), tokenTraits),
  insecureNoAuth,
} satisfies Options

const streamerOptions = {
  pullBind: option(address, { summary: 'Where results and jobs arrive.', required: true }),
  pushBind: option(address, { summary: 'Where the next hop may fetch them.' }),
  pushConnect: option(addresses, { summary: 'Pull doors that they are passed on to.' }),
} satisfies Options

const forwarderOptions = {
  subBind: option(address, { summary: 'Where events arrive.', required: true }),
  pubBind: option(address, { summary: 'Where they can be subscribed to.' }),
  pubConnect: option(addresses, { summary: 'Sub doors that they are passed on to.' }),
} satisfies Options

export interface CommandDeclaration {
  /** The positional arguments, as in a usage line; `<a|b>` is one of these words. */
  readonly args: string
  readonly summary: string
  readonly options: Options
  /** Of these keys one at least has to be given. */
  readonly atLeastOneOf?: readonly string[]
  /** What its help says after the options. */
  readonly notes?: string
}

const completionNotes = `
In a shell that runs:
  bash, zsh   source <(carbontube completion bash)    # or zsh
  fish        carbontube completion fish | source

In every new one, once the folder is made:
  bash        carbontube completion bash > ~/.local/share/bash-completion/completions/carbontube
              needs the package bash-completion; without it put the line from above into ~/.bashrc
  zsh         carbontube completion zsh > ~/.zfunc/_carbontube
              and in ~/.zshrc: fpath=(~/.zfunc $fpath); autoload -Uz compinit; compinit
  fish        carbontube completion fish > ~/.config/fish/completions/carbontube.fish`

/** By name, in the order of the help. The first word of a name is its section in the file. */
export const commands = {
  pipeline: {
    args: '<file> [name]',
    summary: 'run the manager of a pipeline',
    options: managerOptions,
  },
  phase: {
    args: '<file> <jobType>',
    summary: 'run a worker of one phase',
    options: workerOptions,
  },
  bundle: {
    args: '<file> [name]',
    summary: 'run manager and one worker process per phase',
    options: { ...managerOptions, concurrency, drain, tracing, ...bundledWebOptions },
  },
  enqueue: {
    args: '<address> <pipeline> <instructions>',
    summary: 'enqueue a job: JSON or JSON5, @file, or - for NDJSON from stdin',
    options: enqueueOptions,
  },
  status: { args: '<address>', summary: 'how a pipeline is doing', options: askOptions },
  check: {
    args: '<file>',
    summary: 'load a file, print its pipelines and phases; opens no socket',
    options: {},
  },
  'jobs list': { args: '<address>', summary: 'jobs, newest first', options: listOptions },
  'jobs show': { args: '<address> <id>', summary: 'one job with its history', options: askOptions },
  'jobs cancel': {
    args: '<address> <id>',
    summary: 'cancel a job, also a running one',
    options: askOptions,
  },
  'jobs retry': {
    args: '<address> <id>',
    summary: 'a new job that does a settled one again; `replayOf` names the old one',
    options: retryOptions,
  },
  pause: {
    args: '<address>',
    summary: 'grant nothing new; what runs goes on. It outlives a restart of the manager',
    options: onlyPhase,
  },
  resume: {
    args: '<address>',
    summary: 'take back a pause: that of the whole pipeline, or of one phase',
    options: onlyPhase,
  },
  'dead list': { args: '<address>', summary: 'dead jobs, newest first', options: deadListOptions },
  'dead redrive': {
    args: '<address> [ids...]',
    summary: 'the same jobs, ready again at the phase in which they failed',
    options: redriveOptions,
  },
  'dead discard': {
    args: '<address> <ids...>',
    summary: 'take dead jobs out of the store for good',
    options: askOptions,
  },
  'workers list': {
    args: '<address>',
    summary: 'who is connected, and how busy',
    options: askOptions,
  },
  'workers drain': {
    args: '<address> <worker>',
    summary: 'a worker takes no more, finishes what runs, and ends',
    options: askOptions,
  },
  'workers resume': {
    args: '<address> <worker>',
    summary: 'take back a drain while the worker still finishes what runs',
    options: askOptions,
  },
  top: {
    args: '<address>',
    summary: 'how a pipeline is doing, live: phases, workers, what holds it up',
    options: askOptions,
  },
  logs: {
    args: '<address>',
    summary: 'what phases log and how far they are, of all workers of a pipeline, as it comes',
    options: logsOptions,
  },
  audit: {
    args: '<store> [name]',
    summary:
      'whether the jobs of an SQLite file, or behind a pipeline file, keep what is promised; reads only',
    options: auditOptions,
  },
  doctor: {
    args: '<storeFile>',
    summary: 'whether an SQLite store is sound, and has what it needs; reads only',
    options: {},
  },
  web: {
    args: '<addresses...>',
    summary:
      'the dashboard: an address for each pipeline, those of several managers joined by commas',
    options: webOptions,
  },
  'web-token': {
    args: '<name> <read|operate|admin>',
    summary: 'make a token for the dashboard, with one of three roles',
    options: {},
  },
  streamer: {
    args: '',
    summary: 'relay results: PULL to PUSH',
    options: streamerOptions,
    atLeastOneOf: ['pushBind', 'pushConnect'],
  },
  forwarder: {
    args: '',
    summary: 'relay events: SUB to PUB, subscriptions passed on',
    options: forwarderOptions,
    atLeastOneOf: ['pubBind', 'pubConnect'],
  },
  completion: {
    args: '<bash|zsh|fish>',
    summary: 'print what makes a shell complete commands, flags and their values',
    options: {},
    notes: completionNotes,
  },
  version: { args: '', summary: 'print the version', options: {} },
} as const satisfies Readonly<Record<string, CommandDeclaration>>

/** What is said of a first word that is no command by itself. */
export const commandGroups: Readonly<Record<string, string>> = {
  jobs: 'look at jobs, do one again',
  dead: 'dead jobs: look, redrive, discard',
  workers: 'look at workers, or send one away',
}

export type CommandName = keyof typeof commands

/** What every command receives. */
export type GlobalOptions = Resolved<typeof globalOptions>

/** What the command of that name receives, complete and readonly. */
export type CommandOptions<N extends CommandName> = GlobalOptions &
  Resolved<(typeof commands)[N]['options']>

/** The options of a command with the global ones; keys are unique among them. */
export function optionsOf(name: CommandName): readonly (readonly [string, Option])[] {
  return Object.entries<Option>({ ...globalOptions, ...commands[name].options })
}

/** The section of the configuration file that a command reads. */
export function sectionOf(name: string): string {
  return name.split(' ')[0] ?? name
}

// From flags, variables and the file to what a command receives.
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { CommandName } from '../../src/config/commands.ts'
import { parseConfig } from '../../src/config/config-file.ts'
import { resolveOptions, toFlags, type Sources } from '../../src/config/resolve.ts'

interface Case {
  readonly kind: string
  readonly command: CommandName
  /** Key of the option, and the name of what it resolves to. */
  readonly key: string
  readonly name?: string
  readonly variable: string
  /** As written, weakest place last, each with its value; and the default. */
  readonly flag: readonly [unknown, unknown]
  readonly text: readonly [string, unknown]
  readonly file: readonly [string, unknown]
  readonly fallback: unknown
}

const cases: readonly Case[] = [
  {
    ...{ kind: 'address', command: 'pipeline', key: 'pullBind', variable: 'CARBONTUBE_PULL_BIND' },
    flag: ['tcp://a:1', 'tcp://a:1'],
    text: ['tcp://b:*', 'tcp://b:*'],
    file: ["{pipeline: {pullBind: 'tcp://[::1]:3'}}", 'tcp://[::1]:3'],
    fallback: 'tcp://127.0.0.1:5050',
  },
  {
    ...{ kind: 'addresses', command: 'phase', key: 'pubConnect' },
    variable: 'CARBONTUBE_PUB_CONNECT',
    flag: [
      ['tcp://a:1', 'tcp://a:2'],
      ['tcp://a:1', 'tcp://a:2'],
    ],
    text: ['tcp://b:1, tcp://b:2', ['tcp://b:1', 'tcp://b:2']],
    file: ["{phase: {pubConnect: 'tcp://c:1'}}", ['tcp://c:1']],
    fallback: ['tcp://127.0.0.1:6000'],
  },
  {
    ...{ kind: 'count', command: 'bundle', key: 'concurrency' },
    variable: 'CARBONTUBE_CONCURRENCY',
    flag: ['3', 3],
    text: ['2', 2],
    file: ['{bundle: {concurrency: 1}}', 1],
    fallback: undefined,
  },
  {
    ...{ kind: 'duration', command: 'phase', key: 'drain', name: 'drainMs' },
    variable: 'CARBONTUBE_DRAIN',
    flag: ['1500', 1_500],
    text: ['2m', 120_000],
    file: ["{phase: {drain: '1.5s'}}", 1_500],
    fallback: 30_000,
  },
  {
    ...{ kind: 'duration', command: 'enqueue', key: 'timeout', name: 'timeoutMs' },
    variable: 'CARBONTUBE_RESULT_TIMEOUT',
    flag: ['1s', 1_000],
    text: ['2s', 2_000],
    file: ['{enqueue: {timeout: 3000}}', 3_000],
    fallback: 86_400_000,
  },
  {
    ...{ kind: 'text', command: 'pipeline', key: 'managerId', variable: 'CARBONTUBE_MANAGER_ID' },
    flag: ['a', 'a'],
    text: ['b', 'b'],
    file: ["{pipeline: {managerId: 'c'}}", 'c'],
    fallback: undefined,
  },
  {
    ...{ kind: 'choice', command: 'status', key: 'logLevel', variable: 'CARBONTUBE_LOG_LEVEL' },
    flag: ['debug', 'debug'],
    text: ['warn', 'warn'],
    file: ["{logLevel: 'error'}", 'error'],
    fallback: 'info',
  },
  {
    ...{ kind: 'flag', command: 'status', key: 'json', variable: 'CARBONTUBE_JSON' },
    flag: [true, true],
    text: ['0', false],
    file: ['{json: true}', true],
    fallback: false,
  },
]

function sourcesWith(flags: object, variables: Record<string, string>, file?: string): Sources {
  const content = file === undefined ? undefined : parseConfig(file, 'box.json')
  return { flags: { ...flags }, variables, file: content }
}

describe.each(cases)('a value of kind $kind ($command.$key)', (one) => {
  const { command, key, name = key, variable, flag, text, file, fallback } = one
  const resolved = (sources: Sources): unknown =>
    Reflect.get(resolveOptions(command, sources), name)

  it('comes from the flag before the variable and the file', () => {
    const sources = sourcesWith({ [key]: flag[0] }, { [variable]: text[0] }, file[0])
    expect(resolved(sources)).toEqual(flag[1])
  })

  it('comes from the variable before the file', () => {
    expect(resolved(sourcesWith({}, { [variable]: text[0] }, file[0]))).toEqual(text[1])
  })

  it('comes from the file before the default', () => {
    expect(resolved(sourcesWith({}, { [variable]: '' }, file[0]))).toEqual(file[1])
  })

  it('is the default, or absent, when nobody says anything', () => {
    const options = resolveOptions(command, sourcesWith({}, {}, '{}'))
    expect(Reflect.get(options, name)).toEqual(fallback)
    expect(name in options).toBe(fallback !== undefined)
  })
})

const bad: readonly (readonly [CommandName, object, Record<string, string>, string, string])[] = [
  ['pipeline', { pullBind: '5050' }, {}, 'CT_BAD_OPTION', '--pull-bind is "5050", not an address'],
  [
    'phase',
    {},
    { CARBONTUBE_PUSH_CONNECT: 'tcp://a:1,nowhere' },
    'CT_BAD_VARIABLE',
    'CARBONTUBE_PUSH_CONNECT is "nowhere", not an address',
  ],
  [
    'phase',
    { concurrency: '0' },
    {},
    'CT_BAD_OPTION',
    '--concurrency is "0", not a whole number from 1 to 100000',
  ],
  [
    'phase',
    {},
    { CARBONTUBE_CONCURRENCY: '1e3' },
    'CT_BAD_VARIABLE',
    'CARBONTUBE_CONCURRENCY is "1e3", not a whole number from 1 to 100000',
  ],
  [
    'phase',
    { drain: '25d' },
    {},
    'CT_BAD_OPTION',
    '--drain is "25d", not a duration of at most 24 days',
  ],
  ['pipeline', { managerId: '' }, {}, 'CT_BAD_OPTION', '--manager-id is "", not a text'],
  [
    'status',
    {},
    { CARBONTUBE_LOG_LEVEL: 'wran' },
    'CT_BAD_VARIABLE',
    'CARBONTUBE_LOG_LEVEL is "wran", not one of debug, info, warn, error; did you mean "warn"?',
  ],
  [
    'status',
    {},
    { CARBONTUBE_JSON: 'yes' },
    'CT_BAD_VARIABLE',
    'CARBONTUBE_JSON is "yes", not true or false',
  ],
]

describe('a value that is not allowed', () => {
  it.each(bad)('of %s %j %j is refused with %s and its source', (...one) => {
    const [name, flags, variables, code, message] = one
    expect(() => resolveOptions(name, sourcesWith(flags, variables))).toThrow(
      expect.objectContaining({ code, message, exit: code === 'CT_BAD_OPTION' ? 2 : 3 }),
    )
  })

  it('does no harm where something stronger is said', () => {
    const sources = sourcesWith({ drain: '1s' }, { CARBONTUBE_DRAIN: 'soon' })
    expect(resolveOptions('phase', sources).drainMs).toBe(1_000)
  })
})

describe('an option that must be there', () => {
  it('is asked for by flag, variable and key', () => {
    expect(() => resolveOptions('streamer', sourcesWith({}, {}))).toThrow(
      expect.objectContaining({
        code: 'CT_USAGE',
        message: '--pull-bind is missing',
        hint:
          'Give --pull-bind <address>, or CARBONTUBE_PULL_BIND, ' +
          'or "streamer.pullBind" in the configuration file.',
      }),
    )
  })

  it('may be one of two', () => {
    const from = { pullBind: 'tcp://a:1' }
    expect(() => resolveOptions('streamer', sourcesWith(from, {}))).toThrow(
      expect.objectContaining({ message: '--push-bind or --push-connect is missing' }),
    )
    const sources = sourcesWith(from, { CARBONTUBE_PUSH_BIND: 'tcp://b:2' })
    expect(resolveOptions('streamer', sources).pushBind).toBe('tcp://b:2')
  })
})

describe('resolved options', () => {
  it('are typed: durations in milliseconds, sure with a default, optional without', () => {
    const options = resolveOptions('phase', sourcesWith({}, {}))
    expectTypeOf(options.drainMs).toEqualTypeOf<number>()
    expectTypeOf(options.pushConnect).toEqualTypeOf<readonly string[]>()
    expectTypeOf(options.concurrency).toEqualTypeOf<number | undefined>()
    expectTypeOf(options.logLevel).toEqualTypeOf<'debug' | 'info' | 'warn' | 'error'>()
    expect(Object.isFrozen(options)).toBe(true)
  })

  it('ignore a variable for an option that is a flag only', () => {
    const sources = sourcesWith({}, { CARBONTUBE_ID: 'x', CARBONTUBE_WAIT: '1' })
    expect(resolveOptions('enqueue', sources)).toMatchObject({ wait: false })
    expect(resolveOptions('enqueue', sources).id).toBeUndefined()
  })

  it('can be handed to another process as flags', () => {
    const pushConnect = ['tcp://a:1', 'tcp://a:2']
    const values = { json: true, drainMs: 90_000, concurrency: 2, pushConnect }
    const flags = toFlags('phase', values)
    expect(flags.join(' ')).toBe(
      '--json --concurrency 2 --push-connect tcp://a:1,tcp://a:2 --drain 90s',
    )
  })
})

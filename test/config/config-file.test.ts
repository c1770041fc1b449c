// The configuration file: what is refused, with which words; and the example of the how-to.
import { describe, expect, it } from 'vitest'
import { parseConfig, validateConfig } from '../../src/config/config-file.ts'
import { resolveOptions } from '../../src/config/resolve.ts'
import { textOf } from '../repo/repository.ts'

const refused: readonly (readonly [string, string, string])[] = [
  ['{phase: ', 'CT_CONFIG_NOT_LOADED', 'box.json is not JSON5: invalid end of input at 1:9'],
  ['[]', 'CT_CONFIG_NOT_LOADED', 'box.json is a list, not an object'],
  ['{phase: 4}', 'CT_CONFIG_NOT_LOADED', 'box.json: phase is 4, not an object'],
  [
    '{phaes: {}}',
    'CT_CONFIG_UNKNOWN_KEY',
    'box.json has "phaes", which is not known; did you mean "phase"?',
  ],
  [
    '{phase: {concurency: 4}}',
    'CT_CONFIG_UNKNOWN_KEY',
    'box.json: phase has "concurency", which is not known; did you mean "concurrency"?',
  ],
  [
    '{enqueue: {id: "a"}}',
    'CT_CONFIG_UNKNOWN_KEY',
    'box.json: enqueue has "id", which is not known',
  ],
  ['{config: "other.json"}', 'CT_CONFIG_UNKNOWN_KEY', 'box.json has "config", which is not known'],
  ['{"": {}}', 'CT_CONFIG_UNKNOWN_KEY', 'box.json has "", which is not known'],
  ['{__proto__: {}}', 'CT_CONFIG_UNKNOWN_KEY', 'box.json has "__proto__", which is not known'],
  [
    '{phase: {toString: 1}}',
    'CT_CONFIG_UNKNOWN_KEY',
    'box.json: phase has "toString", which is not known',
  ],
  [
    "{phase: {concurrency: '4'}}",
    'CT_CONFIG_BAD_VALUE',
    'box.json: phase.concurrency is "4", not a whole number from 1 to 100000',
  ],
  [
    '{phase: {concurrency: 1.5}}',
    'CT_CONFIG_BAD_VALUE',
    'box.json: phase.concurrency is 1.5, not a whole number from 1 to 100000',
  ],
  [
    '{phase: {pushConnect: []}}',
    'CT_CONFIG_BAD_VALUE',
    'box.json: phase.pushConnect is a list, not an address',
  ],
  [
    "{phase: {pushConnect: ['tcp://a:1', 5050]}}",
    'CT_CONFIG_BAD_VALUE',
    'box.json: phase.pushConnect is 5050, not an address',
  ],
  [
    "{phase: {drain: 'soon'}}",
    'CT_CONFIG_BAD_VALUE',
    'box.json: phase.drain is "soon", not a duration of at most 24 days',
  ],
  [
    '{pipeline: {managerId: null}}',
    'CT_CONFIG_BAD_VALUE',
    'box.json: pipeline.managerId is null, not a text',
  ],
  [
    "{logLevel: 'debgu'}",
    'CT_CONFIG_BAD_VALUE',
    'box.json: logLevel is "debgu", not one of debug, info, warn, error; did you mean "debug"?',
  ],
  ['{json: 1}', 'CT_CONFIG_BAD_VALUE', 'box.json: json is 1, not true or false'],
]

describe('a configuration file', () => {
  it.each(refused)('%s is refused with %s', (text, code, message) => {
    expect(() => parseConfig(text, 'box.json')).toThrow(
      expect.objectContaining({ code, message, exit: 3 }),
    )
  })

  it('may leave out whatever it likes', () => {
    expect(() => parseConfig('{}', 'box.json')).not.toThrow()
    expect(() => parseConfig('{phase: {}, streamer: {}}', 'box.json')).not.toThrow()
  })

  it('names what is known where a key is not', () => {
    expect(() => parseConfig('{status: {x: 1}}', 'box.json')).toThrow(
      expect.objectContaining({ hint: 'Known: timeout.' }),
    )
  })

  it('serves all commands of one first word with one section', () => {
    const file = parseConfig('{jobs: {timeout: "9s"}}', 'box.json')
    const sources = { flags: {}, variables: {}, file }
    expect(resolveOptions('jobs list', sources).timeoutMs).toBe(9_000)
    expect(resolveOptions('jobs show', sources).timeoutMs).toBe(9_000)
  })
})

describe('validateConfig', () => {
  it('judges the content that somebody else has parsed', () => {
    expect(() => validateConfig({ phase: { concurrency: 4 } })).not.toThrow()
    expect(() => validateConfig({ phase: { concurrency: -4 } })).toThrow(
      'the configuration: phase.concurrency is -4, not a whole number from 1 to 100000',
    )
  })
})

describe('docs/how-to/configure.md', () => {
  it('shows a file that loads, and sets what it says', () => {
    const page = textOf('docs/how-to/configure.md')
    const [, example = ''] = /```json5\n([\s\S]*?)```/.exec(page) ?? []
    const sources = { flags: {}, variables: {}, file: parseConfig(example, 'the how-to') }
    expect(resolveOptions('phase', sources)).toMatchObject({
      ...{ logLevel: 'warn', concurrency: 4, drainMs: 120_000 },
      ...{ pushConnect: ['tcp://127.0.0.1:5150'], pubConnect: ['tcp://127.0.0.1:6100'] },
    })
    expect(resolveOptions('streamer', sources).pushConnect).toEqual(['tcp://manager:5050'])
    expect(resolveOptions('forwarder', sources).subBind).toBe('tcp://127.0.0.1:6100')
  })
})

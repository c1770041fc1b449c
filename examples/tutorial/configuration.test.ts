/** The configuration file of this folder: docs/how-to/configure.md quotes the region. */
// #region validate
import { readFile } from 'node:fs/promises'
import json5 from 'json5'
import { expect, it } from 'vitest'
import { validateConfig } from 'carbontube'

const file = new URL('carbontube.config.json', import.meta.url)

it('has no slip in the configuration file', async () => {
  const config: unknown = json5.parse(await readFile(file, 'utf8'))
  expect(() => validateConfig(config)).not.toThrow()
})
// #endregion validate

it('would not have missed one', async () => {
  const { phase, ...others } = json5.parse<{ phase: object }>(await readFile(file, 'utf8'))
  const wrong = { ...others, phase: { ...phase, concurency: 4 } }
  expect(() => validateConfig(wrong)).toThrow('concurrency')
})

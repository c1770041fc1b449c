/** The configuration file of this folder, checked as an application's own test may do it. */
import { describe, expect, it } from 'vitest'
// #region validate
import { readFile } from 'node:fs/promises'
import json5 from 'json5'
import { validateConfig } from 'carbontube'

const text = await readFile(new URL('carbontube.config.json', import.meta.url), 'utf8')
validateConfig(json5.parse(text))
// #endregion validate

describe('a configuration file', () => {
  it('is refused when it has a key that is none', () => {
    const { phase, ...others } = json5.parse(text) as { phase: object }
    const wrong = { ...others, phase: { ...phase, concurency: 4 } }
    expect(() => validateConfig(wrong)).toThrow('concurrency')
  })
})

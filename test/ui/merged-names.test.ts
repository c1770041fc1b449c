/** Whose value is it: what each phase has set, and what a later one has set again. */
import { describe, expect, it } from 'vitest'
import { mergedNames } from '../../ui/src/merged-names.ts'

const instructions = { text: '{"source":"a","codec":"av1","path":"/x"}', isCut: false, bytes: 40 }
const merged = [
  { phase: 'encode', phaseIndex: 1, keys: ['path', 'codec'] },
  { phase: 'probe', phaseIndex: 0, keys: ['codec'] },
  { phase: 'publish', phaseIndex: 2 },
]

describe('the data of a job', () => {
  it('is told phase by phase, with the values of now', () => {
    expect(mergedNames({ merged, inputKeys: ['source'], instructions })).toEqual([
      { phase: '', names: [{ name: 'source', value: '"a"' }] },
      { phase: 'probe', names: [{ name: 'codec', value: '"av1"', overwrittenBy: 'encode' }] },
      {
        phase: 'encode',
        names: [
          { name: 'path', value: '"/x"' },
          { name: 'codec', value: '"av1"' },
        ],
      },
      { phase: 'publish', names: undefined },
    ])
  })

  it('has names without values when it was cut', () => {
    const cut = { ...instructions, isCut: true }
    const [input] = mergedNames({ merged: [], inputKeys: ['source'], instructions: cut })
    expect(input?.names).toEqual([{ name: 'source' }])
  })
})

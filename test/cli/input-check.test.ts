/** What a manager is told of instructions by the schemas of its pipeline. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { inputCheck } from '../../src/cli/input-check.ts'
import { chain } from '../../src/pipeline/chain.ts'
import { compilePipeline } from '../../src/pipeline/compile.ts'
import { Phase } from '../../src/pipeline/phase.ts'
import { Pipeline } from '../../src/pipeline/pipeline.ts'
import { encodeInstructions } from '../../src/wire/instructions.ts'

class Sum extends Phase {
  readonly jobType = 'sum'
  readonly input = z.object({ numbers: z.array(z.number()) })
  execute({ numbers }: { numbers: number[] }) {
    return { sum: numbers.reduce((sum, number) => sum + number, 0) }
  }
}

class Sums extends Pipeline {
  readonly name = 'sums'
  readonly phases = chain(Sum)
}

const check = inputCheck(compilePipeline(Sums))

it('nothing, when they pass', async () => {
  expect(await check?.(encodeInstructions({ numbers: [1, 2] }))).toBeUndefined()
})

it('the first twenty issues, and how many others there are', async () => {
  const numbers = Array.from({ length: 1_000 }, () => 'one')
  const issue = (await check?.(encodeInstructions({ numbers }))) ?? ''
  const issues = issue.split('; ')
  expect(issues).toHaveLength(21)
  expect(issues[19]).toMatch(/^numbers\.19: /)
  expect(issues[20]).toBe('and 980 more')
})

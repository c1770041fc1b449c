/** The pipeline that README.md shows runs. */
import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { SimplePipeline } from '../../examples/simple/short-pipeline.ts'
import { runInMemory } from '../../src/testing/index.ts'

it('the pipeline of README.md makes a file, hashes it and removes it', async () => {
  const { output } = await runInMemory(SimplePipeline, { size: 1_000 })
  expect(output.sha256).toMatch(/^[0-9a-f]{64}$/)
  expect(existsSync(output.path)).toBe(false)
})

it('the pipeline of README.md rejects a size that is none', async () => {
  await expect(runInMemory(SimplePipeline, { size: 0.5 })).rejects.toMatchObject({
    code: 'CT_REJECTED',
  })
})

/** The simple example does what its README says, also when a phase runs more than once. */
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CalculateHash, DeleteFile, GenerateFile } from '../../examples/simple/pipeline.ts'
import { fakeContext } from './fake-context.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'carbontube-simple-test-'))
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

function generate(size: number, context = fakeContext('generate-file')) {
  return new GenerateFile().execute({ size, directory }, context)
}

describe('generate-file', () => {
  it('writes as many lines as it was asked for, and reports its progress', async () => {
    const context = fakeContext('generate-file')
    const { path } = await generate(25_000, context)

    const lines = (await readFile(path, 'utf8')).split('\n')
    expect(lines).toHaveLength(25_001)
    expect(lines.slice(0, -1).every((line) => /^[0-9a-f]{64}$/.test(line))).toBe(true)
    expect(context.progressed).toEqual([0.4, 0.8, 1])
  })

  it('writes an empty file for no lines', async () => {
    const { path } = await generate(0)
    expect(await readFile(path, 'utf8')).toBe('')
  })

  it('names the same file when it runs again for the same job, and leaves no other', async () => {
    const first = await generate(10)
    const second = await generate(10)

    expect(second.path).toBe(first.path)
    expect(await readdir(directory)).toHaveLength(1)
  })

  it('leaves nothing when it is aborted', async () => {
    const abort = new AbortController()
    const context = fakeContext('generate-file', abort.signal)
    abort.abort(new Error('time is up'))

    await expect(generate(100_000, context)).rejects.toThrow()
    expect(await readdir(directory)).toEqual([])
  })

  it.each([-1, 1.5, Number.NaN])('rejects %s lines, and says what it wants', async (size) => {
    await expect(generate(size)).rejects.toThrow('size is a number of lines')
  })
})

describe('calculate-hash', () => {
  it('is the SHA-256 of the file', async () => {
    const { path } = await generate(1_000)
    const { sha256 } = await new CalculateHash().execute({ path }, fakeContext('calculate-hash'))

    const whole = createHash('sha256').update(await readFile(path))
    expect(sha256).toBe(whole.digest('hex'))
  })
})

describe('delete-file', () => {
  it('does not mind a file that is gone already', async () => {
    const { path } = await generate(10)
    await new DeleteFile().execute({ path })
    await new DeleteFile().execute({ path })

    expect(await readdir(directory)).toEqual([])
  })
})

/** `enqueue`: one job from an argument or a file, or thousands from stdin, with a progress bar. */
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { SingleBar } from 'cli-progress'
import json5 from 'json5'
import { PipelineClient, type Enqueued } from '../client/pipeline-client.ts'
import type { CommandOptions } from '../config/commands.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import { decodeInstructions } from '../wire/instructions.ts'
import type { SettledItem } from '../wire/replies.ts'
import { isTerminal, print, say } from './command-context.ts'

type EnqueueOptions = CommandOptions<'enqueue'>
type Instructions = Record<string, unknown>

/** Jobs of one message when reading from stdin. */
const batchSize = 500

export async function enqueue(
  address: string,
  pipeline: string,
  source: string,
  options: EnqueueOptions,
): Promise<number> {
  const client = new PipelineClient(address, { timeout: 10_000 })
  try {
    // Bad JSON is found before anybody is asked.
    const batches =
      source === '-' ? batchesFrom(process.stdin, options) : [[await instructionsFrom(source)]]
    await client.connect()
    const run = new EnqueueRun(client, pipeline, options)
    for await (const batch of batches) await run.send(batch)
    return await run.finish()
  } finally {
    client.close()
  }
}

class EnqueueRun {
  readonly #client: PipelineClient
  readonly #pipeline: string
  readonly #options: EnqueueOptions
  readonly #waits: Promise<void>[] = []
  readonly #bar: SingleBar | undefined
  #sent = 0
  #settled = 0
  #refused = 0
  #failed = 0
  #timedOut = 0

  constructor(client: PipelineClient, pipeline: string, options: EnqueueOptions) {
    this.#client = client
    this.#pipeline = pipeline
    this.#options = options
    if (!isTerminal) return
    const format = '{bar} {value}/{total} {state} · {duration_formatted}'
    this.#bar = new SingleBar({ format, stream: process.stderr, hideCursor: true })
    this.#bar.start(1, 0, { state: 'enqueued' })
  }

  async send(batch: readonly Instructions[]): Promise<void> {
    const { id, priority, wait } = this.#options
    const jobs = batch.map((instructions) => ({
      ...{ name: this.#pipeline as never, instructions: instructions as never },
      ...given({ id, priority }),
    }))
    const answers = await this.#client.enqueueJobs(jobs)
    this.#sent += answers.length
    const stored = answers.filter((answer) => answer.ok)
    for (const answer of answers) if (!answer.ok || !wait) this.#show(answer)
    if (wait && stored.length > 0) this.#wait(stored)
    this.#draw()
  }

  async finish(): Promise<number> {
    await Promise.all(this.#waits)
    this.#bar?.stop()
    if (this.#timedOut > 0) return 8
    if (this.#failed > 0) return 7
    return this.#refused > 0 ? 6 : 0
  }

  #wait(stored: readonly Enqueued[]): void {
    if (stored.some(({ acknowledged }) => !acknowledged)) {
      throw new CarbontubeError(
        'CT_REFUSED',
        'only a pull door answers here: nothing to wait for',
        {
          hint: 'Give the router door (the pull door’s port + 1), or leave out --wait.',
        },
      )
    }
    const ids = stored.map(({ job }) => job.id)
    const { timeoutMs } = this.#options
    this.#waits.push(this.#client.waitForJobs(ids, timeoutMs, (items) => this.#ended(items)))
  }

  #ended(items: readonly SettledItem[]): void {
    for (const { id, state, instructions, error } of items) {
      this.#settled += 1
      if (state === 'timedOut') this.#timedOut += 1
      else if (state !== 'done') this.#failed += 1
      const result = instructions === undefined ? undefined : decodeInstructions(instructions)
      const line = { id, state, acknowledged: true, instructions: result, error }
      if (this.#options.json) print(line)
      else if (state === 'done') print(result)
      else say(`${id} is ${state}${error === undefined ? '' : `: ${error.message}`}`)
    }
    this.#draw()
  }

  #show({ job, outcome, code, acknowledged, ok, durability, issue }: Enqueued): void {
    if (!ok) this.#refused += 1
    if (this.#options.json) {
      print({ id: job.id, ok, outcome, code, acknowledged, durability, issue })
    } else if (ok) {
      print(job.id)
      if (!acknowledged) say('sent, but not acknowledged: only a pull door answers there')
    } else {
      const why = issue === undefined ? '' : ` (${issue})`
      say(`${job.id} was refused: ${outcome}, ${code}${why}`)
    }
  }

  #draw(): void {
    const { wait: isWaiting } = this.#options
    this.#bar?.setTotal(this.#sent)
    this.#bar?.update(isWaiting ? this.#settled : this.#sent, {
      state: isWaiting ? 'finished' : 'enqueued',
    })
  }
}

/** JSON, JSON5, or `@file` with one of them. */
export async function instructionsFrom(source: string): Promise<Instructions> {
  if (!source.startsWith('@')) return parseInstructions(source, 'the argument')
  const path = source.slice(1)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CarbontubeError('CT_FILE_NOT_FOUND', `${path} cannot be read`, { cause })
  })
  return parseInstructions(text, path)
}

/** Nothing of a batch is sent before it is full or the input ends: one id for several jobs is found in time. */
async function* batchesFrom(
  input: NodeJS.ReadableStream,
  { id }: EnqueueOptions,
): AsyncGenerator<Instructions[]> {
  let batch: Instructions[] = []
  let line = 0
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    line += 1
    if (text.trim() === '') continue
    if (id !== undefined && batch.length > 0) throw oneIdForMany(line)
    batch.push(parseInstructions(text, `line ${line}`))
    if (batch.length < batchSize) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

function oneIdForMany(line: number): CarbontubeError {
  const message = `--id is the id of one job, and line ${line} is another; nothing was enqueued`
  return new CarbontubeError('CT_USAGE', message, {
    hint: 'Leave out --id, and each job gets an id of its own; or enqueue one job at a time.',
  })
}

function parseInstructions(text: string, where: string): Instructions {
  const parsed = parse(text, where)
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
    return parsed as Instructions
  }
  throw new CarbontubeError('CT_BAD_INSTRUCTIONS', `${where} is no object: ${text.slice(0, 80)}`, {
    hint: `Instructions are an object, like '{"videoPath": "/tmp/video1.mp4"}'.`,
  })
}

function parse(text: string, where: string): unknown {
  try {
    return text.trimStart().startsWith('{"') ? JSON.parse(text) : json5.parse(text)
  } catch {
    try {
      return json5.parse(text)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new CarbontubeError('CT_BAD_INSTRUCTIONS', `${where} is not JSON: ${reason}`, {
        hint: `Write an object in JSON or JSON5, like '{videoPath: "/tmp/video1.mp4"}'.`,
        details: { text: text.slice(0, 200) },
        cause,
      })
    }
  }
}

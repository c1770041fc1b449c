/** `enqueue`: one job from an argument or a file, or thousands from stdin, with a progress bar. */
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { SingleBar } from 'cli-progress'
import json5 from 'json5'
import type { JobRequest } from '../client/job-request.ts'
import { PipelineClient, type Enqueued } from '../client/pipeline-client.ts'
import type { CommandOptions } from '../config/commands.ts'
import { CarbontubeError, isCarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import { newJobId } from '../runtime/entropy.ts'
import { decodeInstructions } from '../wire/instructions.ts'
import type { SettledItem } from '../wire/replies.ts'
import { isTerminal, print, reportError, say } from './command-context.ts'
import { refusal, timedOut } from './refusal.ts'
import { interruption } from './shutdown.ts'

type EnqueueOptions = CommandOptions<'enqueue'>
type Instructions = Record<string, unknown>
type Batches = AsyncIterable<Instructions[]> | readonly Instructions[][]

/** Jobs of one message when reading from stdin. */
const batchSize = 500

/** So often, for the time-out of the client each: longer than a standby needs to take over. */
const triesMax = 3

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
    const interrupted = interruption()
    try {
      return await Promise.race([run.all(batches), interrupted])
    } finally {
      run.end()
    }
  } finally {
    client.close()
  }
}

class EnqueueRun {
  readonly #client: PipelineClient
  readonly #pipeline: string
  readonly #options: EnqueueOptions
  readonly #waits: Promise<void>[] = []
  /** Enqueued, and their end not yet told. */
  readonly #open = new Set<string>()
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

  async all(batches: Batches): Promise<number> {
    for await (const batch of batches) await this.#send(batch)
    await Promise.all(this.#waits)
    if (this.#timedOut > 0) return 8
    if (this.#failed > 0) return 7
    return this.#refused > 0 ? 6 : 0
  }

  /** The terminal as it was; and what else nobody would know of jobs that go on without this command. */
  end(): void {
    this.#bar?.stop()
    if (this.#open.size === 0) return
    for (const id of this.#open) {
      if (this.#options.json) print({ id, state: 'goesOn', acknowledged: true })
      else say(`${id} goes on`)
    }
    say(`no longer waiting; enqueued and not yet ended: ${this.#open.size}`)
  }

  async #send(batch: readonly Instructions[]): Promise<void> {
    const { id, priority, wait } = this.#options
    const answers = await this.#answersTo(
      batch.map((instructions) => ({
        ...{ name: this.#pipeline as never, instructions: instructions as never },
        id: id ?? newJobId(),
        ...given({ priority }),
      })),
    )
    this.#sent += answers.length
    const stored = answers.filter((answer) => answer.ok)
    for (const answer of answers) if (!answer.ok || !wait) this.#show(answer)
    if (wait && stored.length > 0) this.#wait(stored)
    this.#draw()
  }

  /** While nobody answers they are sent again, under the same ids: what was stored meanwhile is not stored twice. */
  async #answersTo(jobs: readonly JobRequest<never, never>[]): Promise<readonly Enqueued[]> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#client.enqueueJobs(jobs)
      } catch (cause) {
        if (!isCarbontubeError(cause) || cause.code !== 'CT_TIMED_OUT') throw cause
        if (tries === triesMax) throw unanswered(cause, this.#sent, jobs.length)
        say('no answer: sent again, under the same ids')
      }
    }
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
    for (const id of ids) this.#open.add(id)
    const { timeoutMs } = this.#options
    const wait = this.#client.waitForJobs(ids, timeoutMs, (items) => this.#ended(items))
    // `all` looks at it when everything is sent; it may fail before.
    wait.catch(() => undefined)
    this.#waits.push(wait)
  }

  #ended(items: readonly SettledItem[]): void {
    for (const { id, state, instructions, error } of items) {
      this.#settled += 1
      this.#open.delete(id)
      if (state === 'timedOut') this.#timedOut += 1
      else if (state !== 'done') this.#failed += 1
      const result = instructions === undefined ? undefined : decodeInstructions(instructions)
      const line = { id, state, acknowledged: true, instructions: result, error }
      if (this.#options.json) print(line)
      else if (state === 'done') print(result)
      else if (state === 'timedOut') reportError(timedOut(id), this.#options)
      else say(`${id} is ${state}${error === undefined ? '' : `: ${error.message}`}`)
    }
    this.#draw()
  }

  #show(answer: Enqueued): void {
    const { job, outcome, code, acknowledged, ok, durability, issue } = answer
    if (!ok) this.#refused += 1
    if (this.#options.json) {
      print({ id: job.id, ok, outcome, code, acknowledged, durability, issue })
    } else if (ok) {
      print(job.id)
      if (!acknowledged) say('sent, but not acknowledged: only a pull door answers there')
    } else {
      reportError(refusal(answer), this.#options)
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

function unanswered(cause: CarbontubeError, answered: number, open: number): CarbontubeError {
  return new CarbontubeError(cause.code, cause.message, {
    hint: `${answered} jobs before were answered. Whether the ${open} behind them are enqueued is not known: see \`carbontube jobs list\`.`,
    details: { ...cause.details, answered, open },
    cause,
  })
}

/** JSON, JSON5, or `@file` with one of them. */
export async function instructionsFrom(source: string): Promise<Instructions> {
  if (!source.startsWith('@')) return parseInstructions(source, 'the argument')
  const path = source.slice(1)
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new CarbontubeError('CT_FILE_NOT_FOUND', `${path} cannot be read: ${cause.message}`, {
      hint: 'After the @ comes the path of a file with the instructions of one job.',
      details: { path },
      cause,
    })
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
  const sent = { jobs: 0, lines: 0 }
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    line += 1
    if (text.trim() === '') continue
    if (id !== undefined && batch.length > 0) throw oneIdForMany(line)
    batch.push(instructionsOfLine(text, line, sent))
    if (batch.length < batchSize) continue
    yield batch
    sent.jobs += batch.length
    sent.lines = line
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** @throws as `parseInstructions`, with what of the input has been sent, and where to go on */
function instructionsOfLine(
  text: string,
  line: number,
  sent: { readonly jobs: number; readonly lines: number },
): Instructions {
  try {
    return parseInstructions(text, `line ${line}`)
  } catch (cause) {
    if (!isCarbontubeError(cause)) throw cause
    const next = sent.lines + 1
    const before = `${sent.jobs} jobs before it were sent, and none from line ${next} on`
    const hint =
      sent.jobs === 0 ? 'Nothing was enqueued.' : `${before}: correct it, go on from there.`
    throw new CarbontubeError(cause.code, cause.message, {
      hint: `${hint} ${cause.hint ?? ''}`.trim(),
      details: { ...cause.details, line, goOnFromLine: next, sentJobs: sent.jobs },
      cause,
    })
  }
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
      const reason = (cause as Error).message.replace(/^JSON5: /, '')
      throw new CarbontubeError('CT_BAD_INSTRUCTIONS', notJson(where, reason), {
        hint: `Write an object in JSON or JSON5, like '{videoPath: "/tmp/video1.mp4"}'.`,
        details: { text: text.slice(0, 200) },
        cause,
      })
    }
  }
}

/** In one line of many, "at 1:26" would name a second line. */
function notJson(where: string, reason: string): string {
  const [, what, column] = /^(.*) at 1:(\d+)$/s.exec(reason) ?? []
  return what === undefined
    ? `${where} is not JSON: ${reason}`
    : `${where}, column ${column} is not JSON: ${what}`
}

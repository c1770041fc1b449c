/**
 * One execution of a phase: decode, check, `execute`, merge, encode. What a handler does is a value at
 * the end of this file's only export; a throw is normalised here and nowhere else.
 */
import type { Outcome } from '../core/event.ts'
import { isCarbontubeError } from '../errors/errors.ts'
import type { CompiledPhase } from '../pipeline/compile.ts'
import type { Context } from '../pipeline/context.ts'
import { isReject, isRetryAfter, Reject } from '../pipeline/outcome.ts'
import type { PhaseInstance } from '../pipeline/phase.ts'
import { validateWithSchema } from '../pipeline/schema.ts'
import { decodeInstructions } from '../wire/instructions.ts'
import { mergeInstructions } from '../wire/merge-instructions.ts'
import { shownText } from './log-fields.ts'

/** Merged instructions larger than this are refused before they are sent. */
const resultBytesMax = 8 * 1024 * 1024

/**
 * Never throws, never rejects. A phase that returns at once is answered at once: with short jobs a
 * promise or two for each would cost as much as the job.
 */
export function executePhase(
  phase: CompiledPhase,
  instance: PhaseInstance,
  instructions: Uint8Array,
  context: Context,
): Outcome | Promise<Outcome> {
  try {
    const job = decodeInstructions(instructions)
    const given = { instructions, names: Object.keys(job) }
    // What a phase wants of its job was checked by `chain` at compile time, or by its schema below.
    const run = instance.execute as (job: unknown, context: Context) => unknown
    const returned =
      phase.input === undefined
        ? run.call(instance, job, context)
        : checkedInput(phase.input, job).then((input) => run.call(instance, input, context))
    if (!isThenable(returned)) return outcomeOf(given, returned)
    return Promise.resolve(returned).then((value) => outcomeOf(given, value), outcomeOfThrown)
  } catch (thrown) {
    return outcomeOfThrown(thrown)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** What a phase was given. */
interface Given {
  readonly instructions: Uint8Array
  readonly names: readonly string[]
}

function outcomeOf(given: Given, returned: unknown): Outcome {
  try {
    const { instructions, keys } = mergeInstructions(given.instructions, given.names, returned)
    const { length } = instructions
    if (length <= resultBytesMax) return done(instructions, keys)
    const message = `the merged instructions are ${length} bytes, ${resultBytesMax} at most`
    return failed('tooLarge', new Error(message), 'never')
  } catch (thrown) {
    return outcomeOfThrown(thrown)
  }
}

/** Names beyond this are not told: they are for people. */
const keysToldMax = 32

function done(instructions: Uint8Array, keys: readonly string[]): Outcome {
  return keys.length <= keysToldMax
    ? { type: 'done', instructions, keys }
    : { type: 'done', instructions }
}

async function checkedInput(
  schema: NonNullable<CompiledPhase['input']>,
  job: Record<string, unknown>,
): Promise<unknown> {
  const answer = await validateWithSchema(schema, job)
  if (answer.ok) return answer.value
  throw new Reject(`the job does not fit the phase's schema: ${answer.issues.join('; ')}`)
}

/** Anything can be thrown, also what throws when it is looked at. */
function outcomeOfThrown(thrown: unknown): Outcome {
  try {
    return outcomeOfKind(thrown)
  } catch {
    return failed('thrown', new Error('threw a value that cannot be looked at'), 'default')
  }
}

function outcomeOfKind(thrown: unknown): Outcome {
  if (isReject(thrown)) return failed('rejected', thrown, 'never')
  if (isRetryAfter(thrown)) return failed('retryAfter', thrown, delayOf(thrown.delayMs))
  if (isCarbontubeError(thrown)) {
    const isOurs = thrown.code === 'CT_BAD_RESULT' || thrown.code === 'CT_BAD_INSTRUCTIONS'
    return failed(thrown.code, thrown, isOurs ? 'never' : 'default')
  }
  return failed('thrown', thrown, 'default')
}

/** A subclass, or another copy of this library, may say what is no delay: then that of the phase counts. */
function delayOf(delayMs: unknown): number | 'default' {
  if (typeof delayMs !== 'number' || !(delayMs >= 0)) return 'default'
  return Math.min(Math.ceil(delayMs), Number.MAX_SAFE_INTEGER)
}

function failed(kind: string, thrown: unknown, retry: 'default' | 'never' | number): Outcome {
  const error = thrown instanceof Error ? thrown : new Error(`threw a non-Error: ${shown(thrown)}`)
  const stack = stackOf(error)
  return {
    type: 'failed',
    retry,
    error: {
      kind,
      name: cut(textOf(() => error.name) ?? 'Error', 200),
      message: cut(textOf(() => error.message) ?? 'its message cannot be read', 2_000),
      ...(stack === undefined ? {} : { stack: cut(stack, 8_000) }),
    },
  }
}

/** Errors behind errors are told down to here. */
const causesMax = 4

/** With what is behind it: `fetch failed` alone says nothing. */
function stackOf(error: Error, depth = 0): string | undefined {
  const stack = textOf(() => error.stack)
  if (stack === undefined || depth === causesMax) return stack
  const cause = textOf(() => causeOf(error, depth + 1))
  return cause === undefined ? stack : `${stack}\ncaused by ${cause}`
}

function causeOf({ cause }: Error, depth: number): string | undefined {
  if (cause === undefined) return undefined
  return cause instanceof Error ? stackOf(cause, depth) : shown(cause)
}

/** `undefined` when it is not there, or throws when it is read. */
function textOf(read: () => unknown): string | undefined {
  try {
    const value = read()
    return value === undefined ? undefined : shownText(value)
  } catch {
    return undefined
  }
}

function cut(value: string, length: number): string {
  return value.length <= length ? value : `${value.slice(0, length)}…`
}

function shown(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return typeof value
  }
}

/**
 * Worker → manager, on the manager's PULL door: `report` carries acknowledgements, credit, results, and
 * in a beat the worker's description and the digest of what it holds. The merged instructions of the
 * results that are done are its body, in order.
 */
import type {
  HeldToken,
  Outcome,
  Result,
  WorkerHealth,
  WorkerInfo,
  WorkerReport,
} from '../core/event.ts'
import type { AttemptError } from '../core/job.ts'
import type { Token } from '../core/token.ts'
import { BodyReader, BodyWriter } from './body.ts'
import * as check from './checks.ts'
import { packHeader, type Header } from './header.ts'
import { WireError } from './wire-error.ts'

const outcomes = { done: 0, failed: 1, released: 2 } as const
const heldStates = ['queued', 'running', 'finished'] as const

export function encodeReport(report: WorkerReport): Uint8Array[] {
  const body = new BodyWriter()
  const results = report.results.map((result) => packResult(result, body))
  const { held, ...fields } = report
  const digest = held === undefined ? {} : { held: held.map(packHeld) }
  return body.frames(packHeader('report', { ...fields, results, ...digest }))
}

function packToken({ epoch, nonce, sequence }: Token): [number, string, number] {
  return [epoch, nonce, sequence]
}

function packHeld({ token, jobId, phase, attempt, state, startedMs }: HeldToken): unknown[] {
  return [...packToken(token), jobId, phase, attempt, heldStates.indexOf(state), startedMs]
}

function packResult(result: Result, body: BodyWriter): unknown[] {
  const { entry, token, jobId, phase, attempt, startedMs, endedMs, outcome } = result
  const { epoch, nonce, sequence } = token
  const code = outcomes[outcome.type]
  const fields = [entry, epoch, nonce, sequence, jobId, phase, attempt, startedMs, endedMs, code]
  if (outcome.type === 'done') {
    fields.push(body.add(outcome.instructions))
    if (outcome.keys !== undefined) fields.push(outcome.keys as never)
  } else if (outcome.type === 'failed') fields.push(outcome.retry, outcome.error as never)
  else fields.push(outcome.reason)
  return fields
}

export function decodeReport(header: Header, frames: readonly Uint8Array[]): WorkerReport {
  const body = new BodyReader(frames)
  const results = check.list(header['results'], 'results').map((item) => {
    const fields = check.list(item, 'result')
    return unpackResult(fields, fields[9] === outcomes.done ? body.take(fields[10]) : undefined)
  })
  const { info, health, held, insteadOf, stuck, pipeline, shard } = header
  return {
    incarnation: check.text(header['incarnation'], 'incarnation'),
    stream: check.text(header['stream'], 'stream'),
    number: check.count(header['number'], 'number'),
    credit: check.count(header['credit'], 'credit'),
    ping: check.count(header['ping'], 'ping'),
    through: check.count(header['through'], 'through'),
    also: check.counts(header['also'], 'also'),
    leaving: check.flag(header['leaving'], 'leaving'),
    results,
    ...(pipeline === undefined ? {} : { pipeline: check.text(pipeline, 'pipeline') }),
    ...(shard === undefined ? {} : { shard: check.count(shard, 'shard') }),
    ...(stuck === undefined ? {} : { stuck: check.count(stuck, 'stuck') }),
    ...(info === undefined ? {} : { info: decodeWorkerInfo(info) }),
    ...(health === undefined ? {} : { health: decodeHealth(health) }),
    ...(held === undefined ? {} : { held: check.list(held, 'held').map(unpackHeld) }),
    ...(insteadOf === undefined ? {} : { insteadOf: check.text(insteadOf, 'insteadOf') }),
  }
}

function decodeHealth(value: unknown): WorkerHealth {
  const health = check.map(value, 'health')
  return {
    rssBytes: check.count(health['rssBytes'], 'rssBytes'),
    loopLagMs: check.count(health['loopLagMs'], 'loopLagMs'),
  }
}

export function decodeWorkerInfo(value: unknown): WorkerInfo {
  const info = check.map(value, 'info')
  const concurrency = check.count(info['concurrency'], 'concurrency')
  if (concurrency < 1) throw new WireError('malformed', 'concurrency must be at least 1')
  const { relayed } = info
  return {
    id: check.text(info['id'], 'id'),
    incarnation: check.text(info['incarnation'], 'incarnation'),
    address: check.text(info['address'], 'address'),
    jobType: check.text(info['jobType'], 'jobType'),
    concurrency,
    host: check.text(info['host'], 'host'),
    pid: check.count(info['pid'], 'pid'),
    version: check.text(info['version'], 'version'),
    ...(relayed === undefined ? {} : { relayed: check.flag(relayed, 'relayed') }),
  }
}

function unpackToken(fields: readonly unknown[], at: number): Token {
  return {
    epoch: check.count(fields[at], 'epoch'),
    nonce: check.text(fields[at + 1], 'nonce'),
    sequence: check.count(fields[at + 2], 'sequence'),
  }
}

function unpackHeld(item: unknown): HeldToken {
  const fields = check.list(item, 'held')
  const state = heldStates[check.count(fields[6], 'state')]
  if (state === undefined) throw new WireError('malformed', 'unknown state of a held token')
  return {
    token: unpackToken(fields, 0),
    jobId: check.text(fields[3], 'jobId'),
    phase: check.count(fields[4], 'phase'),
    attempt: check.count(fields[5], 'attempt'),
    state,
    startedMs: check.count(fields[7], 'startedMs'),
  }
}

function unpackResult(fields: readonly unknown[], payload: Uint8Array | undefined): Result {
  return {
    entry: check.count(fields[0], 'entry'),
    token: unpackToken(fields, 1),
    jobId: check.text(fields[4], 'jobId'),
    phase: check.count(fields[5], 'phase'),
    attempt: check.count(fields[6], 'attempt'),
    startedMs: check.count(fields[7], 'startedMs'),
    endedMs: check.count(fields[8], 'endedMs'),
    outcome: unpackOutcome(fields, payload),
  }
}

function unpackOutcome(fields: readonly unknown[], payload: Uint8Array | undefined): Outcome {
  if (payload !== undefined) {
    const keys = fields[11]
    if (keys === undefined) return { type: 'done', instructions: payload }
    return { type: 'done', instructions: payload, keys: check.texts(keys, 'keys') }
  }
  if (fields[9] === outcomes.released) {
    return { type: 'released', reason: check.text(fields[10], 'reason') }
  }
  if (fields[9] !== outcomes.failed) throw new WireError('malformed', 'unknown outcome')
  try {
    const retry = fields[10]
    const isWord = retry === 'default' || retry === 'never'
    return {
      type: 'failed',
      retry: isWord ? retry : check.count(retry, 'retry'),
      error: unpackError(check.map(fields[11], 'error')),
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    // Dropped, it would come again for ever, and all results of its message with it.
    const { message } = error
    const told = { kind: 'malformed', name: 'WireError', message: `the failure says: ${message}` }
    return { type: 'failed', retry: 'default', error: told }
  }
}

function unpackError(error: Readonly<Record<string, unknown>>): AttemptError {
  const { stack } = error
  return {
    kind: check.text(error['kind'], 'kind'),
    name: check.text(error['name'], 'name'),
    message: check.text(error['message'], 'message'),
    ...(stack === undefined ? {} : { stack: check.text(stack, 'stack') }),
  }
}

/** Manager → client, on the router door. Each reply repeats the number of its request. */
import type { DeadOutcome, SubmitOutcome } from '../core/effect.ts'
import type { AttemptRecord, JobRecord } from '../core/job.ts'
import type { PhaseSpec } from '../core/spec.ts'
import type { ShardStatus } from '../core/status.ts'
import { BodyReader, BodyWriter } from './body.ts'
import * as check from './checks.ts'
import { packHeader, type Header } from './header.ts'
import { WireError } from './wire-error.ts'

/** A job as clients see it. Times in milliseconds since 1970. */
export interface JobView {
  /** Its id. */
  readonly id: string
  /** `running` while a worker has it. */
  readonly state: JobRecord['state'] | 'running'
  /** Job type of the phase in which it is, or ended. */
  readonly phase: string
  /** Of that phase, from 0. */
  readonly phaseIndex: number
  /** −10 … 10, higher first. */
  readonly priority: number
  /** Attempts of that phase that failed, so far. */
  readonly attempts: number
  /** When the manager took it. */
  readonly enqueuedMs: number
  /** Since when it has been ready in this phase, or until when it is scheduled. */
  readonly dueMs: number
  /** When it settled. */
  readonly endedMs?: number
  /** Only when dead: `rejected`, `attempts` or `crashed`. */
  readonly deathReason?: string
  /** First line of the last error. */
  readonly lastError?: string
  /** Id of the worker that has it. */
  readonly worker?: string
  /** The job that it does again. */
  readonly replayOf?: string
  /** In a page that was asked for with them: a MessagePack map, or JSON text when they begin with a brace. */
  readonly instructions?: Uint8Array
}

/** What a pipeline is made of. */
export interface PipelineDescription {
  /** In order, with their options. */
  readonly phases: readonly PhaseSpec[]
  /** JSON Schema of what may be enqueued, as text; absent when its schema cannot say. */
  readonly inputSchema?: string
}

/** What a manager says of itself. Addresses are `tcp://host:port`. */
export interface Welcome {
  /** Its id. */
  readonly manager: string
  /** Of the package that it runs. */
  readonly version: string
  /** Name of its pipeline. */
  readonly pipeline: string
  /** Job types of the phases, in order. */
  readonly jobTypes: readonly string[]
  /** Doors for jobs and for the reports of workers. */
  readonly pull: readonly string[]
  /** The door that clients ask. */
  readonly router: string
  /** The door of its events. */
  readonly pub: string
  /** Of the pipeline: how many there are. */
  readonly shards: number
  /** Those of this manager, each with the epoch of its ownership; absent: all of them. */
  readonly owned?: readonly (readonly [shard: number, epoch: number])[]
  /** What an acknowledged job survives: `D0` … `D3`. */
  readonly durability: string
  /** Its store, for people. */
  readonly store: string
}

/** How a manager is. */
export interface ManagerStatus {
  /** What it says of itself. */
  readonly welcome: Welcome
  /** When it started, in milliseconds since 1970. */
  readonly upSinceMs: number
  /** How late its timers have been lately, at worst, in milliseconds. */
  readonly loopLagMs: number
  /** Messages that were not of the protocol, since it started. */
  readonly rejectedMessages: number
  /** Those that it owns. */
  readonly shards: readonly ShardStatus[]
}

/** A job that was waited for. */
export interface SettledItem {
  /** Its id. */
  readonly id: string
  /** `notFound`: no such job is kept; `timedOut`: it goes on. */
  readonly state: 'done' | 'dead' | 'cancelled' | 'notFound' | 'timedOut'
  /** Only with `done`: the merged instructions, a MessagePack map, or JSON text when they begin with a brace. */
  readonly instructions?: Uint8Array
  /** Only with `dead`: `rejected`, `attempts` or `crashed`. */
  readonly reason?: string
  /** Only with `dead`: the last error. */
  readonly error?: { readonly kind: string; readonly name: string; readonly message: string }
}

/** A job with its history. */
export interface JobAnswer {
  /** As it is now. */
  readonly job: JobView
  /** Oldest first: the newest 1,000, and no more than 256 KiB of them. */
  readonly attempts: readonly AttemptRecord[]
  /** As they are now: a MessagePack map, or JSON text when they begin with a brace. */
  readonly instructions: Uint8Array
}

/** A page of a list. */
export interface JobsPage {
  /** Newest first. */
  readonly jobs: readonly JobView[]
  /** For `after`, to get the next page; '' on the last one. */
  readonly next: string
  /** How many jobs the query finds, up to 10,000 a shard. */
  readonly count: number
  /** There are more than `count`. */
  readonly more: boolean
}

export type Reply =
  | { readonly type: 'welcome'; readonly request: number; readonly welcome: Welcome }
  | {
      readonly type: 'described'
      readonly request: number
      readonly description: PipelineDescription
    }
  | {
      readonly type: 'enqueued'
      readonly request: number
      readonly durability: string
      readonly retryAfterMs: number
      readonly items: readonly { readonly id: string; readonly outcome: SubmitOutcome }[]
      /** What the input schema says of the `invalid` ones, by id. */
      readonly issues?: Readonly<Record<string, string>>
    }
  | ({ readonly type: 'job'; readonly request: number } & JobAnswer)
  | {
      readonly type: 'settled'
      readonly request: number
      readonly items: readonly SettledItem[]
      /** No further reply follows. */
      readonly isLast: boolean
    }
  | ({ readonly type: 'jobs'; readonly request: number } & JobsPage)
  | { readonly type: 'cancelled'; readonly request: number; readonly outcome: string }
  | { readonly type: 'status'; readonly request: number; readonly status: ManagerStatus }
  /** The answer to `pause` and `resume`: all that is paused by now. */
  | {
      readonly type: 'paused'
      readonly request: number
      /** The whole pipeline. */
      readonly pipeline: boolean
      /** Job types of phases that are paused on their own. */
      readonly phases: readonly string[]
    }
  /** The answer to `redrive` and `discard`. */
  | {
      readonly type: 'dead'
      readonly request: number
      readonly items: readonly { readonly id: string; readonly outcome: DeadOutcome }[]
    }
  /** The answer to `drain` and `resumeWorker`. */
  | {
      readonly type: 'draining'
      readonly request: number
      readonly outcome: 'draining' | 'resumed' | 'notFound'
    }
  | {
      readonly type: 'error'
      readonly request: number
      readonly code: string
      readonly message: string
      readonly hint: string
      readonly retryAfterMs: number
    }

const outcomes = [
  ...([
    'stored',
    'duplicate',
    'conflict',
    'expired',
    'busy',
    'full',
    'tooLarge',
    'invalid',
  ] as const),
] satisfies SubmitOutcome[]

export function encodeReply(reply: Reply): Uint8Array[] {
  switch (reply.type) {
    case 'enqueued': {
      const items = reply.items.map(({ id, outcome }) => [id, outcomes.indexOf(outcome)])
      return [packHeader('enqueued', { ...reply, items })]
    }
    case 'job': {
      const { instructions, ...fields } = reply
      return [packHeader('job', fields), instructions]
    }
    case 'settled': {
      const body = new BodyWriter()
      const items = reply.items.map(({ instructions, ...item }) => {
        return instructions === undefined ? item : { ...item, length: body.add(instructions) }
      })
      return body.frames(packHeader('settled', { ...reply, items }))
    }
    case 'jobs': {
      const body = new BodyWriter()
      const jobs = reply.jobs.map(({ instructions, ...job }) => {
        return instructions === undefined ? job : { ...job, length: body.add(instructions) }
      })
      return body.frames(packHeader('jobs', { ...reply, jobs }))
    }
    case 'welcome':
    case 'described':
    case 'cancelled':
    case 'status':
    case 'paused':
    case 'dead':
    case 'draining':
    case 'error':
      return [packHeader(reply.type, reply)]
  }
}

/** Trusts the manager's records beyond their outer shape: a client chose whom to ask. */
export function decodeReply(header: Header, frames: readonly Uint8Array[]): Reply {
  check.count(header['request'], 'request')
  switch (header.type) {
    case 'enqueued':
      return {
        ...(header as unknown as Extract<Reply, { type: 'enqueued' }>),
        items: unpackOutcomes(header),
      }
    case 'job': {
      const fields = header as unknown as Extract<Reply, { type: 'job' }>
      return { ...fields, instructions: check.frame(frames, 1) }
    }
    case 'settled':
      return {
        ...(header as unknown as Extract<Reply, { type: 'settled' }>),
        items: unpackEach<SettledItem>(header, 'items', frames),
      }
    case 'jobs':
      return {
        ...(header as unknown as Extract<Reply, { type: 'jobs' }>),
        jobs: unpackEach<JobView>(header, 'jobs', frames),
      }
    case 'welcome':
    case 'described':
    case 'cancelled':
    case 'status':
    case 'paused':
    case 'dead':
    case 'draining':
    case 'error':
      return header as unknown as Reply
    default:
      throw new WireError('unsupported', `unknown reply "${header.type}"`)
  }
}

function unpackOutcomes(header: Header): { id: string; outcome: SubmitOutcome }[] {
  return check.list(header['items'], 'items').map((item) => {
    const [id, code] = check.list(item, 'item')
    const outcome = outcomes[check.count(code, 'outcome')]
    if (outcome === undefined) throw new WireError('malformed', 'unknown outcome')
    return { id: check.text(id, 'id'), outcome }
  })
}

/** Records of which some have their instructions in the body. */
function unpackEach<T extends SettledItem | JobView>(
  header: Header,
  name: 'items' | 'jobs',
  frames: readonly Uint8Array[],
): T[] {
  const body = new BodyReader(frames)
  return check.list(header[name], name).map((value) => {
    const { length, ...record } = check.map(value, name)
    const whole = length === undefined ? record : { ...record, instructions: body.take(length) }
    return whole as unknown as T
  })
}

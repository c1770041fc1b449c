/** The messages whose frames are kept in golden-frames.json: each kind, with each variant of its items. */
import type { WorkerReport } from '../../src/core/event.ts'
import type { StreamOpen, Orders } from '../../src/core/worker-event.ts'
import type { PublishedEvent } from '../../src/wire/published.ts'
import type { Reply } from '../../src/wire/replies.ts'
import type { Request } from '../../src/wire/requests.ts'

export type Sample =
  | { readonly kind: 'open'; readonly message: StreamOpen }
  | { readonly kind: 'orders'; readonly message: Orders }
  | { readonly kind: 'report'; readonly message: WorkerReport }
  | { readonly kind: 'request'; readonly message: Request }
  | { readonly kind: 'reply'; readonly message: Reply }
  | { readonly kind: 'published'; readonly message: PublishedEvent }

const token = { epoch: 1_795_515_624_485_000, nonce: '0123456789abcdef', sequence: 7 }
const first = Uint8Array.from([0x81, 0xa1, 0x61, 0x01])
const second = Uint8Array.from([0x80])
const run = { token, jobId: 'job-1', phase: 1, attempt: 2 }
const times = { startedMs: 1_795_515_625_000, endedMs: 1_795_515_625_250 }
const error = { kind: 'thrown', name: 'TypeError', message: 'no', stack: 'at line 1' }
const info = {
  ...{ id: 'encode@a:1', incarnation: 'fedcba9876543210', address: 'tcp://a:3000' },
  ...{ jobType: 'encode', concurrency: 4, host: 'a', pid: 1, version: '0.1.0' },
}

export const samples: Readonly<Record<string, Sample>> = {
  open: {
    kind: 'open',
    message: {
      ...{ incarnation: info.incarnation, manager: 'm:1', pipeline: 'films', shard: 0 },
      ...{ epoch: token.epoch, stream: token.nonce, pull: 'tcp://m:5050', nextOrder: 3, ping: 4 },
    },
  },
  orders: {
    kind: 'orders',
    message: {
      ...{ incarnation: info.incarnation, stream: token.nonce, epoch: token.epoch, ping: 5 },
      orders: [
        { type: 'grant', order: 3, ...run, timeoutMs: 1_800_000, instructions: first },
        { type: 'abort', order: 4, token, reason: 'superseded' },
        { type: 'skip', order: 5 },
        { type: 'grant', order: 6, ...run, jobId: 'job-2', timeoutMs: 1, instructions: second },
      ],
      answers: [
        { entry: 1, answer: 'applied' },
        { entry: 2, answer: 'gone' },
      ],
    },
  },
  ordersOfOneOfSeveral: {
    kind: 'orders',
    message: {
      ...{ incarnation: info.incarnation, stream: token.nonce, epoch: token.epoch, ping: 5 },
      ...{ seen: 9, waiting: 40, orders: [], answers: [] },
    },
  },
  resumeOrder: {
    kind: 'orders',
    message: {
      ...{ incarnation: info.incarnation, stream: token.nonce, epoch: token.epoch, ping: 5 },
      ...{ orders: [{ type: 'resume', order: 8 }], answers: [] },
    },
  },
  drainOrder: {
    kind: 'orders',
    message: {
      ...{ incarnation: info.incarnation, stream: token.nonce, epoch: token.epoch, ping: 5 },
      ...{ orders: [{ type: 'drain', order: 7 }], answers: [] },
    },
  },
  report: {
    kind: 'report',
    message: {
      ...{ incarnation: info.incarnation, stream: token.nonce, number: 9, credit: 5, ping: 5 },
      ...{ through: 6, also: [8], leaving: false, info },
      results: [
        { entry: 1, ...run, ...times, outcome: { type: 'done', instructions: first } },
        { entry: 2, ...run, ...times, outcome: { type: 'failed', error, retry: 'default' } },
        { entry: 3, ...run, ...times, outcome: { type: 'failed', error, retry: 30_000 } },
        { entry: 4, ...run, ...times, outcome: { type: 'released', reason: 'drains' } },
      ],
      held: [{ ...run, state: 'running', startedMs: times.startedMs }],
    },
  },
  reportToOneOfSeveral: {
    kind: 'report',
    message: {
      ...{ incarnation: info.incarnation, stream: token.nonce, number: 9, credit: 5, ping: 5 },
      ...{ pipeline: 'films', shard: 3, through: 6, also: [], leaving: false, results: [] },
    },
  },
  reportForPeople: {
    kind: 'report',
    message: {
      ...{ incarnation: info.incarnation, stream: token.nonce, number: 9, credit: 5, ping: 5 },
      ...{ through: 6, also: [], leaving: false, info },
      health: { rssBytes: 73_400_320, loopLagMs: 12 },
      results: [
        {
          ...{ entry: 1, ...run, ...times },
          outcome: { type: 'done', instructions: first, keys: ['a', 'videoUri'] },
        },
      ],
    },
  },
  introduction: {
    kind: 'report',
    message: {
      ...{ incarnation: info.incarnation, stream: '', number: 1, credit: 0, ping: 0, through: 0 },
      ...{ also: [], leaving: false, results: [], info, insteadOf: '0011223344556677' },
    },
  },
  hello: { kind: 'request', message: { type: 'hello', request: 0 } },
  enqueue: {
    kind: 'request',
    message: {
      ...{ type: 'enqueue', request: 1, pipeline: 'films' },
      jobs: [
        { id: 'job-1', priority: -3, sentMs: times.startedMs, instructions: first },
        { id: 'job-2', priority: 0, sentMs: 0, instructions: second },
      ],
    },
  },
  replay: {
    kind: 'request',
    message: {
      ...{ type: 'enqueue', request: 7, pipeline: 'films' },
      ...{ replay: { of: 'job-1', phase: 'encode' } },
      jobs: [{ id: 'job-3', priority: 0, sentMs: 0, instructions: first }],
    },
  },
  wait: { kind: 'request', message: { type: 'wait', request: 2, ids: ['job-1'], timeoutMs: 500 } },
  list: {
    kind: 'request',
    message: { type: 'list', request: 3, query: { state: 'dead' }, after: '', limit: 100 },
  },
  listOfOneWorker: {
    kind: 'request',
    message: {
      ...{
        type: 'list',
        request: 8,
        after: '',
        limit: 10,
        withInstructions: true,
        withoutCount: true,
      },
      query: { worker: info.id, enqueuedBeforeMs: times.startedMs },
    },
  },
  describe: { kind: 'request', message: { type: 'describe', request: 9 } },
  pause: { kind: 'request', message: { type: 'pause', request: 4, phase: 'encode' } },
  pauseOfOneOfSeveral: { kind: 'request', message: { type: 'pause', request: 4, shard: 3 } },
  redrive: { kind: 'request', message: { type: 'redrive', request: 5, ids: ['job-1', 'job-2'] } },
  drain: { kind: 'request', message: { type: 'drain', request: 6, worker: info.id } },
  resumeWorker: {
    kind: 'request',
    message: { type: 'resumeWorker', request: 6, worker: info.id, shard: 0 },
  },
  enqueued: {
    kind: 'reply',
    message: {
      ...{ type: 'enqueued', request: 1, durability: 'D2', retryAfterMs: 250 },
      items: [
        { id: 'job-1', outcome: 'stored' },
        { id: 'job-2', outcome: 'invalid' },
      ],
    },
  },
  settled: {
    kind: 'reply',
    message: {
      ...{ type: 'settled', request: 2, isLast: true },
      items: [
        { id: 'job-1', state: 'done', instructions: first },
        { id: 'job-2', state: 'dead', reason: 'rejected', error },
      ],
    },
  },
  jobs: {
    kind: 'reply',
    message: {
      ...{ type: 'jobs', request: 8, next: '', count: 1, more: false },
      jobs: [
        {
          ...{ id: 'job-1', state: 'ready', phase: 'encode', phaseIndex: 1, priority: 0 },
          ...{ attempts: 0, enqueuedMs: 1, dueMs: 2, instructions: first },
        },
      ],
    },
  },
  described: {
    kind: 'reply',
    message: {
      ...{ type: 'described', request: 9 },
      description: {
        phases: [
          {
            ...{ jobType: 'encode', timeoutMs: 1_800_000 },
            retry: {
              ...{ attempts: 5, crashes: 3, backoff: 'exponential', delayMs: 1_000 },
              ...{ factor: 2, delayMsMax: 60_000, jitter: true },
            },
          },
        ],
        inputSchema: '{"type":"object"}',
      },
    },
  },
  paused: {
    kind: 'reply',
    message: { type: 'paused', request: 4, pipeline: false, phases: ['encode'] },
  },
  dead: {
    kind: 'reply',
    message: {
      ...{ type: 'dead', request: 5 },
      items: [
        { id: 'job-1', outcome: 'redriven' },
        { id: 'job-2', outcome: 'notDead' },
      ],
    },
  },
  draining: { kind: 'reply', message: { type: 'draining', request: 6, outcome: 'draining' } },
  error: {
    kind: 'reply',
    message: {
      ...{ type: 'error', request: 3, code: 'CT_JOB_NOT_FOUND', message: 'no', hint: '' },
      retryAfterMs: 0,
    },
  },
  available: {
    kind: 'published',
    message: {
      ...{ topic: 'worker.available', source: info.id, sequence: 1, atMs: times.startedMs },
      fields: { info },
    },
  },
}

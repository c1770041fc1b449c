/**
 * The routes of the API, once: the server registers these, the OpenAPI document and the reference page are
 * made from them, and tests ask each of them with each role.
 */
import type * as api from './api-types.ts'

/** Everything that a body can be. */
export interface ApiTypes {
  DeadGroups: api.DeadGroups
  DrainRequest: api.DrainRequest
  EnqueueAnswer: api.EnqueueAnswer
  EnqueueRequest: api.EnqueueRequest
  History: api.History
  JobDetail: api.JobDetail
  JobPage: api.JobPage
  LogLines: api.LogLines
  LoginRequest: api.LoginRequest
  Operation: api.Operation
  OperationList: api.OperationList
  OperationRequest: api.OperationRequest
  OutcomeAnswer: api.OutcomeAnswer
  PauseRequest: api.PauseRequest
  PipelineDefinition: api.PipelineDefinition
  PolicyReports: api.PolicyReports
  RetryRequest: api.RetryRequest
  Session: api.Session
  Settings: api.Settings
  Snapshot: api.Snapshot
}

export type TypeName = keyof ApiTypes

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below `api/v1`, with `{names}` in it. */
  readonly path: string
  /** The least role; `open`: nobody is asked who they are. */
  readonly role: api.Role | 'open'
  readonly summary: string
  /** Name → what it is for. */
  readonly query?: Readonly<Record<string, string>>
  readonly request?: TypeName
  /** Absent: a text, a stream, or nothing. */
  readonly response?: TypeName
  /** Of a good answer; default 200. */
  readonly status?: number
  /** Of an answer that is no type of ours. */
  readonly media?: string
}

const filters = {
  pipeline: 'Only lines of this pipeline.',
  phase: 'Only lines of this job type.',
  job: 'Only lines of this job.',
  level: 'Only lines at least as severe: debug, info, warn, error.',
  text: 'Only lines with this in the message, in any case.',
}

export const routes = {
  getSession: {
    ...{ method: 'GET', path: '/session', role: 'read', response: 'Session' },
    summary: 'Who is asking, and what they may do',
  },
  logIn: {
    ...{ method: 'POST', path: '/session', role: 'open' },
    ...{ request: 'LoginRequest', response: 'Session' },
    summary: 'Log in with a token; the answer sets a cookie',
  },
  logOut: {
    ...{ method: 'DELETE', path: '/session', role: 'open', status: 204 },
    summary: 'Log out; its live streams end',
  },
  overview: {
    ...{ method: 'GET', path: '/overview', role: 'read', response: 'Snapshot' },
    summary: 'How the pipelines are doing, with their workers; new once a second',
  },
  history: {
    ...{ method: 'GET', path: '/history', role: 'read', response: 'History' },
    summary: 'Throughput, latency and backlog since the dashboard began to look',
    query: { span: '15m (default), 1h or 6h.' },
  },
  stream: {
    ...{ method: 'GET', path: '/stream', role: 'read', media: 'text/event-stream' },
    summary: 'Server-sent events: snapshot, jobs, operation, logs, resync',
    query: { topics: 'Some of snapshot, logs, by commas; default: snapshot.', ...filters },
  },
  listJobs: {
    ...{ method: 'GET', path: '/jobs', role: 'read', response: 'JobPage' },
    summary: 'Jobs, the newest first',
    query: {
      q: 'A search: state: phase: pipeline: worker: error: id: age>1h age<10m key.path=value',
      group: 'Only the dead jobs of this group: its `key` in GET dead.',
      after: 'The `next` of the page before.',
      limit: 'Rows, 1 … 100; default 50.',
    },
  },
  pipeline: {
    ...{ method: 'GET', path: '/pipelines/{pipeline}', role: 'read' },
    ...{ response: 'PipelineDefinition', summary: 'How a pipeline is defined' },
  },
  pause: {
    ...{ method: 'POST', path: '/pipelines/{pipeline}/pause', role: 'operate', status: 204 },
    ...{ request: 'PauseRequest', summary: 'Grant nothing new, of a phase or of all' },
  },
  resume: {
    ...{ method: 'POST', path: '/pipelines/{pipeline}/resume', role: 'operate', status: 204 },
    ...{ request: 'PauseRequest', summary: 'Take back a pause' },
  },
  enqueue: {
    ...{ method: 'POST', path: '/pipelines/{pipeline}/jobs', role: 'operate', status: 201 },
    ...{ request: 'EnqueueRequest', response: 'EnqueueAnswer', summary: 'Enqueue a job' },
  },
  job: {
    ...{ method: 'GET', path: '/pipelines/{pipeline}/jobs/{id}', role: 'read' },
    ...{ response: 'JobDetail', summary: 'A job with its history' },
  },
  waitForJob: {
    ...{ method: 'GET', path: '/pipelines/{pipeline}/jobs/{id}/wait', role: 'read' },
    ...{ response: 'JobDetail', summary: 'A job once it has settled; 202 when time is up' },
    query: { timeout: 'Seconds, 0 … 300; default 30.' },
  },
  instructions: {
    ...{ method: 'GET', path: '/pipelines/{pipeline}/jobs/{id}/instructions', role: 'read' },
    ...{ media: 'application/json', summary: 'All instructions of a job, to download' },
  },
  cancelJob: {
    ...{ method: 'POST', path: '/pipelines/{pipeline}/jobs/{id}/cancel', role: 'operate' },
    ...{ response: 'OutcomeAnswer', summary: 'Cancel a job, also a running one' },
  },
  retryJob: {
    ...{ method: 'POST', path: '/pipelines/{pipeline}/jobs/{id}/retry', role: 'operate' },
    ...{ request: 'RetryRequest', response: 'EnqueueAnswer', status: 201 },
    summary: 'A new job that does a settled one again',
  },
  discardJob: {
    ...{ method: 'DELETE', path: '/pipelines/{pipeline}/jobs/{id}', role: 'operate', status: 204 },
    summary: 'Take a dead job out of the store for good',
  },
  deadGroups: {
    ...{ method: 'GET', path: '/dead', role: 'read', response: 'DeadGroups' },
    summary: 'Dead jobs by pipeline, phase and error',
  },
  startOperation: {
    ...{ method: 'POST', path: '/operations', role: 'operate', status: 201 },
    ...{ request: 'OperationRequest', response: 'Operation' },
    summary: 'Do something to many jobs',
  },
  operations: {
    ...{ method: 'GET', path: '/operations', role: 'read', response: 'OperationList' },
    summary: 'The operations of the last hour',
  },
  operation: {
    ...{ method: 'GET', path: '/operations/{id}', role: 'read', response: 'Operation' },
    summary: 'How far an operation is',
  },
  abortOperation: {
    ...{ method: 'DELETE', path: '/operations/{id}', role: 'operate', response: 'Operation' },
    summary: 'Abort an operation; what it has done stays done',
  },
  drainWorker: {
    ...{ method: 'POST', path: '/workers/drain', role: 'operate' },
    ...{ request: 'DrainRequest', response: 'OutcomeAnswer' },
    summary: 'A worker takes no more, finishes what runs, and ends',
  },
  resumeWorker: {
    ...{ method: 'POST', path: '/workers/resume', role: 'operate' },
    ...{ request: 'DrainRequest', response: 'OutcomeAnswer' },
    summary: 'Take back a drain while the worker still finishes what runs',
  },
  logs: {
    ...{ method: 'GET', path: '/logs', role: 'read', response: 'LogLines' },
    summary: 'The newest log lines since somebody began to look, at most 1,000',
    query: { ...filters, limit: 'Lines, 1 … 1,000; default 1,000.' },
  },
  settings: {
    ...{ method: 'GET', path: '/settings', role: 'admin', response: 'Settings' },
    summary: 'The configuration of the dashboard, without its secrets',
  },
  openApi: {
    ...{ method: 'GET', path: '/openapi.json', role: 'read', media: 'application/json' },
    summary: 'This API as an OpenAPI 3.1 document',
  },
  reportPolicy: {
    ...{ method: 'POST', path: '/csp-reports', role: 'open', status: 204 },
    summary: 'Where browsers report what the content security policy has refused',
  },
  policyReports: {
    ...{ method: 'GET', path: '/csp-reports', role: 'read', response: 'PolicyReports' },
    summary: 'What browsers have reported',
  },
} as const satisfies Readonly<Record<string, Route>>

export type RouteName = keyof typeof routes

export const routeNames = Object.keys(routes) as readonly RouteName[]

export const apiPath = '/api/v1'

/** Names in the path, in their order. */
export function pathNames(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
}

/** What can be done at a path below `api/v1`: to tell a wrong method from a wrong path. */
export function methodsAt(path: string): readonly string[] {
  const parts = path.split('/')
  const fits = (route: Route) => {
    const wanted = route.path.split('/')
    if (wanted.length !== parts.length) return false
    return wanted.every((one, at) => (one.startsWith('{') ? parts[at] !== '' : one === parts[at]))
  }
  return routeNames.flatMap((name) => (fits(routes[name]) ? [routes[name].method] : []))
}

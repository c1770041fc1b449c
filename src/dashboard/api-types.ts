/**
 * The JSON of the HTTP API, once, for the server, the front end and `carbontube top`. Plain data: no
 * runtime code is here, so that the browser takes nothing along. Times are milliseconds since 1970,
 * durations are milliseconds; a field that does not apply is left out.
 */

/** What a token may do: look; also act on jobs, phases and workers; also see the configuration. */
export type Role = 'read' | 'operate' | 'admin'

/** RFC 9457, `application/problem+json`: every answer of 400 and more. */
export interface Problem {
  /** `https://carbontube.dev/errors/CT_…` is not resolved by anybody: an identifier. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  /** Stable, as in the table of errors. */
  readonly code: string
  /** What to do. */
  readonly hint?: string
  /** By path of the field: what an input schema or a check of the body says. */
  readonly issues?: readonly { readonly path: string; readonly message: string }[]
}

/** GET session */
export interface Session {
  /** Name of the token; `local` on loopback without one. */
  readonly name: string
  readonly role: Role
  /** Whether one can log in and out at all. */
  readonly needsToken: boolean
  readonly version: string
}

/** POST session */
export interface LoginRequest {
  readonly token: string
}

/** How long something took, of many: counts by upper bound. */
export interface DurationFigures {
  /** Over the window of the snapshot, in milliseconds; left out when nothing ended in it. */
  readonly p50Ms?: number
  readonly p95Ms?: number
}

export interface PhaseView {
  readonly jobType: string
  /** Attempts that ended done, a second, over the last ten seconds. */
  readonly perSecond: number
  readonly duration: DurationFigures
  /** From ready to granted. */
  readonly wait: DurationFigures
  readonly waiting: number
  /** Since when the first in the line has been ready. */
  readonly oldestMs?: number
  readonly running: number
  readonly workers: number
  readonly slots: number
  readonly slotsFree: number
  /** 0 … 100 of the attempts that ended in the last minute; left out when none did. */
  readonly failPercent?: number
  readonly paused: boolean
  /** Attempts since the managers took over. */
  readonly done: number
  readonly failed: number
  /**
   * What keeps the work waiting, if something does: `noWorkers`, `paused`, `busy` (every slot is taken),
   * `failing`, `starved` (it waits for the phase before: no problem of this one).
   */
  readonly trouble?: 'noWorkers' | 'paused' | 'busy' | 'failing'
  /** Of all phases of the pipeline this one holds it up; at most one has it. */
  readonly isBottleneck: boolean
}

export interface ManagerView {
  readonly id: string
  readonly version: string
  readonly store: string
  readonly durability: string
  readonly upSinceMs: number
  readonly loopLagMs: number
  readonly rejectedMessages: number
  readonly shards: readonly { readonly shard: number; readonly epoch: number }[]
}

export interface PipelineView {
  readonly name: string
  /** `reconnecting`: no manager answers at the moment; the figures are the last known ones. */
  readonly state: 'live' | 'reconnecting'
  /** When the figures were asked for. */
  readonly atMs: number
  readonly paused: boolean
  readonly phases: readonly PhaseView[]
  readonly scheduled: number
  readonly settled: { readonly done: number; readonly dead: number; readonly cancelled: number }
  /** Jobs in a second, over the last ten: enqueued, and done. */
  readonly inPerSecond: number
  readonly donePerSecond: number
  readonly shardsTotal: number
  /** Shards that no manager owns right now. */
  readonly shardsUnowned: number
  readonly managers: readonly ManagerView[]
  /** One sentence for people: what is slow or broken, and why; '' when all is well. */
  readonly verdict: string
}

export interface WorkerView {
  readonly pipeline: string
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly phase: string
  readonly version: string
  readonly address: string
  readonly state: 'connecting' | 'ready' | 'busyLoop' | 'silent' | 'leaving' | 'lost'
  readonly used: number
  readonly slots: number
  readonly stuck: number
  readonly done: number
  readonly failed: number
  /** 0 … 100: done of all its ended attempts; left out before the first. */
  readonly score?: number
  /** Moving average of its runs. */
  readonly durationMs?: number
  /** Last sign of life. */
  readonly seenMs?: number
  readonly rssBytes?: number
  readonly loopLagMs?: number
  /** What it has now, at most 20. */
  readonly jobs: readonly WorkerJob[]
  /** With `lost`: when, why, and which of its jobs went back to the queue, at most 20. */
  readonly lostMs?: number
  readonly lostCause?: string
  readonly released?: readonly string[]
}

export interface WorkerJob {
  readonly id: string
  readonly attempt: number
  /** Left out while it waits in the worker. */
  readonly startedMs?: number
  readonly progress?: { readonly fraction: number; readonly note?: string }
}

/** Event `snapshot` of the stream, and GET overview. At most one a second. */
export interface Snapshot {
  readonly atMs: number
  readonly pipelines: readonly PipelineView[]
  readonly workers: readonly WorkerView[]
}

/** GET history?span=15m|1h|6h: one value a step, the oldest first; `null` = nothing is known. */
export interface History {
  readonly stepMs: number
  readonly fromMs: number
  readonly pipelines: readonly {
    readonly name: string
    readonly inPerSecond: readonly (number | null)[]
    readonly donePerSecond: readonly (number | null)[]
    readonly backlog: readonly (number | null)[]
    readonly dead: readonly (number | null)[]
    readonly phases: readonly {
      readonly jobType: string
      readonly p50Ms: readonly (number | null)[]
      readonly p95Ms: readonly (number | null)[]
      readonly waiting: readonly (number | null)[]
    }[]
  }[]
}

export type JobState = 'ready' | 'running' | 'scheduled' | 'done' | 'dead' | 'cancelled'

export interface JobRow {
  readonly pipeline: string
  readonly id: string
  readonly state: JobState
  readonly phase: string
  /** From 0. */
  readonly phaseIndex: number
  readonly phases: number
  readonly priority: number
  readonly attempts: number
  readonly enqueuedMs: number
  readonly dueMs: number
  readonly endedMs?: number
  readonly deathReason?: string
  readonly lastError?: string
  readonly worker?: string
  readonly replayOf?: string
}

/** GET jobs?q=…&group=…&after=…&limit=… (limit ≤ 100, default 50), newest first. */
export interface JobPage {
  readonly jobs: readonly JobRow[]
  /** Cursor of the next page; left out on the last. */
  readonly next?: string
  /** Left out when the query needs a look into each job (`key.path=value`, part of an id, a group). */
  readonly count?: number
  /** There are more than `count`. */
  readonly more: boolean
  /** With such a query: how many jobs were looked at for this page; the search may go on at `next`. */
  readonly searched?: number
  /** Pipelines that do not answer now, whose jobs are not here. */
  readonly missing?: readonly string[]
}

/** GET pipelines/{pipeline}/jobs/{id} */
export interface JobDetail {
  readonly job: JobRow
  readonly attempts: readonly AttemptView[]
  /** As they are now: with what the finished phases merged into them. */
  readonly instructions: Payload
  /** What each finished phase has merged, by phase index. */
  readonly merged: readonly {
    readonly phase: string
    readonly phaseIndex: number
    /** Names it set; left out when its worker did not say. */
    readonly keys?: readonly string[]
  }[]
  /** Names in the instructions that no phase has set: the input. Left out when that is not known. */
  readonly inputKeys?: readonly string[]
  readonly progress?: { readonly fraction: number; readonly note?: string }
}

/** Cut at 64 KiB of JSON text; all of it: GET …/jobs/{id}/instructions */
export interface Payload {
  /** Indented JSON; perhaps cut in the middle. */
  readonly text: string
  readonly isCut: boolean
  /** Of the whole JSON text; of a job that is much larger than what is shown, as it is stored. */
  readonly bytes: number
}

export interface AttemptView {
  readonly phase: string
  readonly phaseIndex: number
  readonly attempt: number
  readonly worker: string
  /** Ready since; left out when history does not say. */
  readonly readyMs?: number
  /** 0 = it never started. */
  readonly startedMs: number
  /** Left out while it runs. */
  readonly endedMs?: number
  readonly outcome: 'running' | 'done' | 'failed' | 'dead' | 'cancelled' | 'lost'
  readonly error?: {
    readonly kind: string
    readonly name: string
    readonly message: string
    readonly stack?: string
  }
  /** Of a failed one: when the next attempt was due (the backoff). */
  readonly nextDueMs?: number
}

/** GET dead: groups, the largest first. */
export interface DeadGroups {
  readonly groups: readonly DeadGroup[]
  /** Dead jobs that were looked at, the newest; `isCut`: there are more. */
  readonly searched: number
  readonly isCut: boolean
  /** Pipelines that do not answer now, whose jobs are not here. */
  readonly missing?: readonly string[]
}

export interface DeadGroup {
  readonly pipeline: string
  readonly phase: string
  /** The error without numbers, ids and paths. */
  readonly fingerprint: string
  /** Short, stable name of the group: for URLs and operations. */
  readonly key: string
  readonly reason: string
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
  readonly sample: { readonly id: string; readonly error: string }
}

/**
 * POST operations: something done to many jobs, by the server, a batch at a time. Exactly one of `ids` and
 * `filter`; an empty filter is refused (CT_REFUSED), and one that means over 1,000 jobs needs `confirm` = their count.
 */
export interface OperationRequest {
  readonly action: 'redrive' | 'discard' | 'cancel' | 'retry'
  readonly pipeline: string
  readonly ids?: readonly string[]
  /** A search of the jobs page, or a group of dead jobs. */
  readonly filter?: { readonly q?: string; readonly group?: string }
  /** Jobs, at least 0.001. */
  readonly perSecondMax?: number
  /** Only count. */
  readonly dryRun?: boolean
  readonly confirm?: number
}

/** GET operations/{id}; also event `operation` of the stream. DELETE aborts it. */
export interface Operation {
  readonly id: string
  readonly action: OperationRequest['action']
  readonly pipeline: string
  readonly by: string
  readonly state: 'running' | 'done' | 'aborted' | 'failed'
  readonly startedMs: number
  readonly endedMs?: number
  readonly total: number
  readonly processed: number
  /** How many ended how: `redriven: 12, notDead: 1`. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly error?: string
}

/**
 * Event `logs` of the stream, at most ten a second: what came since the last one. The first has no lines and
 * says that none is missed from here on: GET logs after it has all that came before.
 */
export interface LogBatch {
  readonly lines: readonly LogLine[]
  /** Lines that were not sent because there were too many. */
  readonly dropped: number
}

export interface LogLine {
  /** Grows from line to line, also over a restart of the dashboard: lines that came twice have the same. */
  readonly number: number
  readonly atMs: number
  readonly pipeline: string
  readonly worker: string
  readonly phase: string
  readonly jobId: string
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields?: Readonly<Record<string, unknown>>
}

/** Event `jobs` of the stream, at most one a second: how many have been enqueued since the snapshot before. */
export interface JobsArrived {
  readonly pipeline: string
  readonly count: number
}

/** GET pipelines/{pipeline} */
export interface PipelineDefinition {
  readonly name: string
  /** JSON Schema of the input, if the pipeline has a schema that can say it. */
  readonly inputSchema?: Readonly<Record<string, unknown>>
  readonly phases: readonly PhaseDefinition[]
  readonly addresses: { readonly router: string; readonly pull: readonly string[] }
  /** Version of a worker → how many have it. */
  readonly versions: Readonly<Record<string, number>>
}

export interface PhaseDefinition {
  readonly jobType: string
  readonly timeoutMs: number
  readonly retry: {
    readonly attempts: number
    readonly crashes: number
    readonly firstMs: number
    readonly factor: number
    readonly maxMs: number
  }
}

/** POST pipelines/{pipeline}/jobs */
export interface EnqueueRequest {
  readonly instructions: Readonly<Record<string, unknown>>
  readonly id?: string
  readonly priority?: number
}

/** 201; a refusal is a problem. */
export interface EnqueueAnswer {
  readonly id: string
  readonly outcome: 'stored' | 'duplicate'
  readonly durability: string
}

/** POST pipelines/{pipeline}/jobs/{id}/retry */
export interface RetryRequest {
  /** Default: the first. */
  readonly fromPhase?: string
  /** Merged over the old job's. */
  readonly instructions?: Readonly<Record<string, unknown>>
}

/** POST pipelines/{pipeline}/pause and resume */
export interface PauseRequest {
  /** Job type; the whole pipeline without it. */
  readonly phase?: string
}

/** POST workers/drain and resume */
export interface DrainRequest {
  readonly pipeline: string
  readonly worker: string
}

/** What became of an order: `cancelled`, `settled`; `draining`, `resumed`. Whoever is not there is a 404. */
export interface OutcomeAnswer {
  readonly outcome: string
}

/** GET operations, the newest first */
export interface OperationList {
  readonly operations: readonly Operation[]
}

/** GET logs, the oldest first */
export interface LogLines {
  readonly lines: readonly LogLine[]
}

/** GET csp-reports: how often a browser has refused something that a page of the dashboard wanted. */
export interface PolicyReports {
  readonly count: number
  /** The newest, at most 20. */
  readonly reports: readonly string[]
}

/** GET settings: the dashboard's own configuration, secrets left out. */
export interface Settings {
  readonly options: readonly {
    readonly name: string
    readonly value: string
    readonly source: 'default' | 'file' | 'variable' | 'flag'
    readonly summary: string
  }[]
  readonly managers: readonly ManagerView[]
}

/*
 * The routes, all below `api/v1/`, relative to where the dashboard is mounted. `operate` and `admin` name the
 * least role; every other needs `read`. What changes something is POST or DELETE.
 *
 * GET    session                                Session (also when nobody is logged in: 401 then)
 * POST   session            {token}             Session, and the cookie
 * DELETE session                                204
 * GET    overview                               Snapshot
 * GET    history?span=15m                       History
 * GET    stream?topics=snapshot,logs            SSE: snapshot, logs, jobs, operation, resync; `: ping` every 15 s
 * GET    jobs?q&group&after&limit               JobPage
 * GET    pipelines/{p}                          PipelineDefinition
 * POST   pipelines/{p}/pause | resume           operate; {phase?}; 204
 * POST   pipelines/{p}/jobs                     operate; EnqueueRequest → EnqueueAnswer
 * GET    pipelines/{p}/jobs/{id}                JobDetail
 * GET    pipelines/{p}/jobs/{id}/wait?timeout=  JobDetail once it has settled; 202 with it when time is up
 * GET    pipelines/{p}/jobs/{id}/instructions   all of them, as JSON, to download
 * POST   pipelines/{p}/jobs/{id}/cancel         operate; {outcome}
 * POST   pipelines/{p}/jobs/{id}/retry          operate; RetryRequest → EnqueueAnswer
 * DELETE pipelines/{p}/jobs/{id}                operate; discards a dead job; 204
 * GET    dead                                   DeadGroups
 * POST   operations                             operate; OperationRequest → Operation
 * GET    operations                             {operations: Operation[]}
 * GET    operations/{id}                        Operation
 * DELETE operations/{id}                        operate; aborts; Operation
 * POST   workers/drain      {pipeline, worker}  operate; {outcome}
 * POST   workers/resume     {pipeline, worker}  operate; {outcome}
 * GET    logs?pipeline&phase&job&level&text&limit {lines: LogLine[]}: the newest, at most 1,000
 * GET    settings                               admin; Settings
 * GET    openapi.json                           OpenAPI 3.1 of all this
 * POST   csp-reports                            what browsers report; nobody is asked for a token; 204
 * GET    csp-reports                            PolicyReports
 *
 * What is POSTed is `application/json`, `{}` when there is nothing to say, and comes with `Sec-Fetch-Site:
 * same-origin` (browsers add it) or a bearer token.
 *
 * Beside `api/v1/`: GET metrics (Prometheus; `read`), healthz, readyz (nobody is asked for a token).
 */

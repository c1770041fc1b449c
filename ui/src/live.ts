/**
 * What is live on every page: the last snapshot, whether it is still being renewed, operations under way,
 * and who wants to hear of new jobs and log lines. Fed by one stream for all tabs.
 */
import { computed, signal } from '@preact/signals'
import type { LogBatch, Operation, PipelineView, Snapshot } from '../../src/dashboard/api-types.ts'
import { ApiError, get } from './api.ts'
import { Election, type TabMessage } from './leader-election.ts'
import { LiveStream } from './live-stream.ts'
import { withOperation, withServerList } from './operation-list.ts'

export const snapshot = signal<Snapshot | undefined>(undefined)

/** Why there is no first snapshot. */
export const snapshotError = signal<ApiError | undefined>(undefined)

export type Connection = 'connecting' | 'live' | 'reconnecting'
export const connection = signal<Connection>('connecting')

/** By the clock of the dashboard. Ticks once a second while the page is seen: ages grow also when no figures come. */
export const now = signal(Date.now())
/** So much the clock of the dashboard is ahead of the browser's. */
let aheadMs = 0
const tick = () => (now.value = Date.now() + aheadMs)

export const operations = signal<readonly Operation[]>([])

export const pipelines = computed<readonly PipelineView[]>(() => snapshot.value?.pipelines ?? [])
export const deadTotal = computed(() =>
  pipelines.value.reduce((sum, { settled }) => sum + settled.dead, 0),
)

type Hear<T> = (value: T) => void
const jobListeners = new Set<() => void>()
/** With the topic that each wants: `logs`, or `logs?level=error`. */
const logListeners = new Map<Hear<LogBatch>, string>()
const resyncListeners = new Set<() => void>()

/** New jobs, operations and `resync` come with every stream. */
const topics = () => ['snapshot', ...logListeners.values()]
let election: Election | undefined

/** Begins to listen; once, after somebody has logged in. */
export function startLive(): void {
  if (election !== undefined) return
  const stream = new LiveStream({
    event: (name, data) => election?.streamed(name, data),
    connected: (isConnected) => election?.connected(isConnected),
  })
  const tab = crypto.randomUUID?.() ?? String(Math.random())
  election = new Election(
    {
      tab,
      ...browserParts(),
      open: (wanted) => stream.open(wanted),
      deliver,
      connection: connected,
    },
    // A page that is opened directly has asked for its logs already.
    topics(),
  )
  election.start()
  addEventListener('pagehide', () => election?.leave())
  setInterval(() => {
    if (document.visibilityState === 'visible') tick()
  }, 1_000)
  document.addEventListener('visibilitychange', tick)
  void reload()
}

/** Everything anew: at the start, and when the stream has lost something. */
async function reload(): Promise<void> {
  const whenAsked = operations.value
  try {
    const [overview, known] = await Promise.all([
      get<Snapshot>('overview'),
      get<{ operations: readonly Operation[] }>('operations'),
    ])
    deliver('snapshot', overview)
    operations.value = withServerList(operations.value, known.operations, whenAsked)
    snapshotError.value = undefined
  } catch (error) {
    if (error instanceof ApiError) snapshotError.value = error
  }
}

export function retryNow(): void {
  snapshotError.value = undefined
  void reload()
}

export function noteOperation(operation: Operation): void {
  operations.value = withOperation(operations.value, operation)
}

export function dismissOperation(id: string): void {
  operations.value = operations.value.filter((one) => one.id !== id)
}

/** @returns a function that ends it */
export function onJobsArrived(hear: () => void): () => void {
  jobListeners.add(hear)
  return () => jobListeners.delete(hear)
}

/**
 * Log lines are streamed only while somebody listens.
 *
 * @param filter as in the URL, `?level=error`: under a flood the stream drops lines, so that they are better
 *   filtered before. It may send others all the same, which other tabs want.
 */
export function onLogs(filter: string, hear: Hear<LogBatch>): () => void {
  logListeners.set(hear, `logs${filter}`)
  election?.want(topics())
  return () => {
    logListeners.delete(hear)
    election?.want(topics())
  }
}

/** When the stream was interrupted, or a manager is back: what a page has loaded may be old. */
export function onResync(hear: () => void): () => void {
  resyncListeners.add(hear)
  return () => resyncListeners.delete(hear)
}

function deliver(name: string, data: unknown): void {
  switch (name) {
    case 'snapshot':
      noteSnapshot(data as Snapshot)
      return
    case 'jobs':
      for (const hear of jobListeners) hear()
      return
    case 'logs':
      for (const hear of logListeners.keys()) hear(data as LogBatch)
      return
    case 'operation':
      noteOperation(data as Operation)
      return
    case 'resync':
      resync()
      return
    default:
      return
  }
}

function noteSnapshot(next: Snapshot): void {
  const before = snapshot.value
  if (before !== undefined && next.atMs < before.atMs) return
  snapshot.value = next
  snapshotError.value = undefined
  aheadMs = next.atMs - Date.now()
  tick()
  const live = before?.pipelines.filter(isLive).map(({ name }) => name)
  const isBack = next.pipelines.some((one) => isLive(one) && live?.includes(one.name) === false)
  if (isBack) reloadPages()
}

function isLive({ state }: PipelineView): boolean {
  return state === 'live'
}

function connected(isConnected: boolean): void {
  const wasLost = connection.value === 'reconnecting'
  connection.value = isConnected ? 'live' : 'reconnecting'
  if (isConnected && wasLost) resync()
}

function resync(): void {
  void reload()
  reloadPages()
}

function reloadPages(): void {
  for (const hear of resyncListeners) hear()
}

/** Locks need a secure context: plain HTTP from another machine has none, and leads itself. */
function browserParts(): Pick<ConstructorParameters<typeof Election>[0], 'acquire' | 'channel'> {
  if (!('locks' in navigator) || !('BroadcastChannel' in globalThis)) return {}
  const name = `carbontube ${new URL(document.baseURI).pathname}`
  const channel = new BroadcastChannel(name)
  return {
    acquire: (lead) => {
      void navigator.locks.request(name, () => {
        lead()
        // Kept until the tab ends.
        return new Promise<never>(() => {})
      })
    },
    channel: {
      post: (message) => channel.postMessage(message),
      listen: (hear) => {
        channel.onmessage = ({ data }: MessageEvent<TabMessage>) => hear(data)
      },
    },
  }
}

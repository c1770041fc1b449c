/** Routes about pipelines, phases and workers, and about all that is live. */
import { CarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import { logLevels } from '../runtime/logger.ts'
import type {
  DrainRequest,
  LogLines as Lines,
  OutcomeAnswer,
  PauseRequest,
  PipelineDefinition,
} from './api-types.ts'
import { bodyOf, numberIn, param, wordIn, type Call, type Handlers } from './call.ts'
import { spans, type Span } from './history-rings.ts'
import type { LiveFeed, StreamTopic } from './live-feed.ts'
import { streamTopics } from './live-feed.ts'
import type { LogFilter } from './log-filter.ts'
import type { LogLines } from './log-lines.ts'
import type { PipelineWatch } from './pipeline-watch.ts'
import { badRequest } from './problem.ts'
import type { WatchedPipelines } from './watched-pipelines.ts'

export interface PipelineRouteParts {
  readonly pipelines: WatchedPipelines
  readonly live: LiveFeed
  readonly logs: LogLines
}

type Names =
  | 'overview'
  | 'history'
  | 'stream'
  | 'pipeline'
  | 'pause'
  | 'resume'
  | 'drainWorker'
  | 'resumeWorker'
  | 'logs'

export function pipelineRoutes(parts: PipelineRouteParts): Pick<Handlers, Names> {
  const { pipelines, live, logs } = parts
  return {
    overview: () => live.snapshot(),
    history(call) {
      return pipelines.history(wordIn(call, 'span', Object.keys(spans) as Span[]) ?? '15m')
    },
    stream(call) {
      const { signal, who, request } = call
      // Nobody would read it, and so nobody would end it.
      if (request.method === 'HEAD') {
        throw new CarbontubeError('CT_METHOD_NOT_ALLOWED', 'a stream has no end to tell of', {
          hint: 'Use GET.',
          details: { allow: ['GET'] },
        })
      }
      return live.open(topicsIn(call), filterIn(call), { signal, sessionId: who.sessionId })
    },
    pipeline: (call) => definition(pipelines.named(param(call, 'pipeline'))),
    pause: (call) => pause(parts, call, 'pause'),
    resume: (call) => pause(parts, call, 'resume'),
    drainWorker: (call) => tellWorker(parts, call, 'drainWorker'),
    resumeWorker: (call) => tellWorker(parts, call, 'resumeWorker'),
    logs(call): Lines {
      const limit = numberIn(call, 'limit', { min: 1, max: 1_000, otherwise: 1_000 })
      const filter = filterIn(call)
      live.looked('job.log')
      return { lines: logs.newest(filter, limit) }
    },
  }
}

async function tellWorker(
  { pipelines }: PipelineRouteParts,
  call: Call,
  order: 'drainWorker' | 'resumeWorker',
): Promise<OutcomeAnswer> {
  const { pipeline, worker } = bodyOf<DrainRequest>(call)
  const watch = pipelines.named(pipeline)
  const outcome = await watch.client[order](worker)
  if (outcome === 'notFound') {
    throw new CarbontubeError('CT_WORKER_NOT_FOUND', `no worker "${worker}" is connected`)
  }
  await watch.refresh()
  return { outcome }
}

async function pause(
  { pipelines }: PipelineRouteParts,
  call: Call,
  order: 'pause' | 'resume',
): Promise<undefined> {
  const watch = pipelines.named(param(call, 'pipeline'))
  await watch.client[order](bodyOf<PauseRequest>(call).phase)
  await watch.refresh()
}

async function definition(watch: PipelineWatch): Promise<PipelineDefinition> {
  const { phases, inputSchema } = await watch.client.describe()
  const { latest } = watch
  const versions = new Map<string, number>()
  const workers = new Map(
    latest?.status.shards.flatMap((shard) =>
      shard.workers.map((worker) => [`${worker.id} ${worker.address}`, worker.version] as const),
    ),
  )
  for (const version of workers.values()) versions.set(version, (versions.get(version) ?? 0) + 1)
  const { router = '', pull = [] } = latest?.status.welcome ?? {}
  return {
    ...{ name: watch.name, addresses: { router, pull }, versions: Object.fromEntries(versions) },
    phases: phases.map(({ jobType, timeoutMs, retry }) => {
      const { attempts, crashes, delayMs: firstMs, delayMsMax: maxMs, backoff } = retry
      const factor = backoff === 'fixed' ? 1 : retry.factor
      return { jobType, timeoutMs, retry: { attempts, crashes, firstMs, factor, maxMs } }
    }),
    ...given({ inputSchema: schemaOf(inputSchema) }),
  }
}

function schemaOf(text: string | undefined): PipelineDefinition['inputSchema'] | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as PipelineDefinition['inputSchema'])
}

function topicsIn({ query }: Call): ReadonlySet<StreamTopic> {
  const text = query.get('topics')
  const names = text === null || text === '' ? ['snapshot'] : text.split(',')
  const topics = names.map((name) => {
    const topic = streamTopics.find((one) => one === name.trim())
    if (topic !== undefined) return topic
    const message = `${JSON.stringify(name.slice(0, 40))} is no topic: ${streamTopics.join(', ')}`
    throw badRequest(message, [{ path: 'topics', message }])
  })
  return new Set(topics)
}

function filterIn(call: Call): LogFilter {
  const text = (name: string) => call.query.get(name) || undefined
  const level = wordIn(call, 'level', logLevels)
  const [pipeline, phase, job] = [text('pipeline'), text('phase'), text('job')]
  return { pipeline, phase, job, text: text('text'), level }
}

/** `logs`: what the phases of a pipeline log, over all its workers, as it comes. */
import { pubDoorsOf } from '../client/event-subscription.ts'
import type { CommandOptions } from '../config/commands.ts'
import { PipelineEvents } from '../dashboard/pipeline-events.ts'
import { PipelineWatch } from '../dashboard/pipeline-watch.ts'
import { didYouMean } from '../errors/did-you-mean.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { isPartOf } from '../language/is-part-of.ts'
import { systemClock } from '../runtime/clock.ts'
import { isAsSevere, logLevels, type LogLevel } from '../runtime/logger.ts'
import type { PublishedEvent } from '../wire/published.ts'
import type { Welcome } from '../wire/replies.ts'
import { commandLogger, print, say, style } from './command-context.ts'
import { withClient } from './inspect.ts'
import { readerGone, stopSignal } from './shutdown.ts'

const logTopic = 'job.log'

/** A line as a worker publishes it. */
interface LogLine {
  readonly time: string
  readonly level: LogLevel
  readonly message: string
  readonly phase: string
  readonly jobId: string
  readonly worker: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** Until a signal. What was logged before is with the workers: `docker logs`, `journalctl`. */
export async function followLogs(
  address: string,
  options: CommandOptions<'logs'>,
): Promise<number> {
  const stopped = Promise.race([stopSignal(0), readerGone()])
  const { welcome } = await withClient(address, options, (client) => client.status())
  if (options.phase !== undefined) checkPhase(options.phase, welcome)
  const logger = commandLogger(options)
  const events = new PipelineEvents({
    logger,
    onEvent(event) {
      const line = lineOf(event)
      if (line === undefined || !isWanted(line, options)) return
      print(options.json ? line : shown(line))
    },
  })
  const watch = new PipelineWatch({
    ...{ address, timeoutMs: options.timeoutMs, logger },
    nowMs: () => systemClock.nowMs(),
    // Managers come and go: another one has other doors.
    onSample: ({ status }) => events.want(pubDoorsOf(status.managers, address), [logTopic]),
  })
  try {
    await watch.start()
    say('logs of all workers, from now on; Ctrl-C ends it')
    return await stopped
  } finally {
    await watch.stop()
    await events.close()
  }
}

/** Of a phase that there is not, nothing would ever come. */
function checkPhase(phase: string, { pipeline, jobTypes }: Welcome): void {
  if (jobTypes.includes(phase)) return
  const message = `pipeline "${pipeline}" has no phase "${phase}"${didYouMean(phase, jobTypes)}`
  throw new CarbontubeError('CT_UNKNOWN_JOB_TYPE', message, {
    hint: `It has: ${jobTypes.join(', ')}.`,
    details: { phase, known: jobTypes },
  })
}

/** `undefined`: a worker in another language has left something out. */
function lineOf({ topic, atMs, source, fields: published }: PublishedEvent): LogLine | undefined {
  if (topic !== logTopic) return undefined
  const { level, message, phase, jobId, fields } = published
  const known = logLevels.find((one) => one === level)
  if (known === undefined || typeof message !== 'string') return undefined
  return {
    ...{ time: new Date(atMs).toISOString(), level: known, message },
    ...{ phase: textOf(phase), jobId: textOf(jobId), worker: source },
    fields: typeof fields === 'object' && fields !== null ? { ...fields } : {},
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isWanted(
  line: LogLine,
  { phase, job, level, text }: Pick<CommandOptions<'logs'>, 'phase' | 'job' | 'level' | 'text'>,
): boolean {
  if (phase !== undefined && line.phase !== phase) return false
  if (job !== undefined && line.jobId !== job) return false
  if (!isAsSevere(line.level, level)) return false
  return text === undefined || isPartOf(JSON.stringify(line), text)
}

const colours = { debug: 'dim', info: 'bold', warn: 'yellow', error: 'red' } as const

function shown({ time, level, message, phase, jobId, fields }: LogLine): string {
  const extra = Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  const head = `${time.slice(11, 23)} ${style(colours[level], level.padEnd(5))} ${phase}`
  return [head, message, ...extra, style('dim', jobId)].join('  ')
}

/**
 * The two devices for a worker's own box: `streamer` (PULL → PUSH) and `forwarder` (events, with
 * subscriptions passed on). They forward frames and know nothing of the protocol.
 */
import { openForwarder, openStreamer } from '../transport/devices.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { say } from './command-context.ts'
import { runUntilStopped } from './shutdown.ts'

export interface RelayOptions {
  readonly pullBind?: string
  readonly pushBind?: string
  readonly pushConnect?: readonly string[]
  readonly subBind?: string
  readonly pubBind?: string
  readonly pubConnect?: readonly string[]
}

export async function serveStreamer(options: RelayOptions): Promise<number> {
  const from = required(options.pullBind, '--pull-bind')
  const device = await openStreamer({
    from,
    ...outgoing(options.pushBind, options.pushConnect, 'push'),
  })
  return serve('streamer', from, device)
}

export async function serveForwarder(options: RelayOptions): Promise<number> {
  const from = required(options.subBind, '--sub-bind')
  const device = await openForwarder({
    from,
    ...outgoing(options.pubBind, options.pubConnect, 'pub'),
  })
  return serve('forwarder', from, device)
}

async function serve(name: string, from: string, device: { close(): void }): Promise<number> {
  say(`${name} is ready at ${from}`)
  const service = {
    state: 'running' as const,
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(device.close()),
  }
  return runUntilStopped(service, { drainMs: 0 })
}

function required(value: string | undefined, flag: string): string {
  if (value !== undefined) return value
  throw new CarbontubeError('CT_USAGE', `${flag} is missing`, {
    hint: `Say where the relay listens: ${flag} tcp://host:port`,
  })
}

function outgoing(bind: string | undefined, connect: readonly string[] | undefined, kind: string) {
  if (bind !== undefined) return { bind, connect: [] }
  if (connect !== undefined) return { connect }
  throw new CarbontubeError('CT_USAGE', `--${kind}-bind or --${kind}-connect is missing`, {
    hint: 'Say where the relay passes messages on to.',
  })
}

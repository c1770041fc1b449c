/**
 * The two devices for a worker's own box: `streamer` (PULL → PUSH) and `forwarder` (events, with
 * subscriptions passed on). They forward frames and know nothing of the protocol.
 */
import type { CommandOptions } from '../config/commands.ts'
import { given } from '../language/given.ts'
import { openForwarder, openStreamer, type Device } from '../transport/devices.ts'
import { say } from './command-context.ts'
import { runUntilStopped, stopSignal } from './shutdown.ts'

export async function serveStreamer(options: CommandOptions<'streamer'>): Promise<number> {
  const { pullBind: from, pushBind: bind, pushConnect: connect = [] } = options
  return serve('streamer', from, await openStreamer({ from, connect, ...given({ bind }) }))
}

export async function serveForwarder(options: CommandOptions<'forwarder'>): Promise<number> {
  const { subBind: from, pubBind: bind, pubConnect: connect = [] } = options
  return serve('forwarder', from, await openForwarder({ from, connect, ...given({ bind }) }))
}

async function serve(name: string, from: string, device: Device): Promise<number> {
  const stopped = stopSignal(0)
  say(`${name} is ready at ${from}`)
  const service = {
    state: 'running' as const,
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(device.close()),
  }
  return runUntilStopped(service, stopped)
}

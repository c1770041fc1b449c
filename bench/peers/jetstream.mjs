/** NATS JetStream: a server of its own, a work-queue stream for each phase, all of them in files. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { end, freePort, startCommand, until } from '../processes.mjs'
import { ThreeProcesses, inGroups, payload } from './three-processes.mjs'

const phases = ['first', 'second', 'third']
const ackWaitNanos = 30e9

export async function openJetstream({ concurrency }) {
  const { JSONCodec, connect } = await import('nats')
  const { server, port, folder } = await startServer()
  const connection = await connected(connect, port)
  await createStreams(connection, concurrency)
  const processes = await ThreeProcesses.start('jetstream-phase.mjs', {
    ...{ concurrency, address: port },
  })
  const stream = connection.jetstream()
  const codec = JSONCodec()
  const publish = (data) => stream.publish('first', codec.encode(data))
  return {
    feed: (jobs) => inGroups(jobs, (group) => Promise.all(group.map(publish))),
    feedOne: () => publish(payload(0)),
    done: () => processes.done,
    untilDone: (count) => processes.untilDone(count),
    async close() {
      await processes.stop()
      await connection.close()
      await end(server, 'SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function startServer() {
  const folder = await mkdtemp(join(tmpdir(), 'carbontube-nats-'))
  const port = await freePort()
  const args = ['-js', '-a', '127.0.0.1', '-p', String(port), '-sd', folder]
  return { port, folder, server: startCommand('nats-server', args) }
}

async function connected(connect, port) {
  let connection
  await until(async () => {
    connection = await connect({ servers: `127.0.0.1:${port}` }).catch(() => undefined)
    return connection !== undefined
  })
  return connection
}

async function createStreams(connection, concurrency) {
  const manager = await connection.jetstreamManager()
  for (const name of phases) {
    const kept = { storage: 'file', retention: 'workqueue' }
    await manager.streams.add({ name, subjects: [name], ...kept })
    await manager.consumers.add(name, {
      ...{ durable_name: name, ack_policy: 'explicit', ack_wait: ackWaitNanos },
      max_ack_pending: concurrency * 2,
    })
  }
}

/** One phase on JetStream: takes from its work-queue stream, publishes to the next, then acknowledges. */
import { connect, JSONCodec } from 'nats'
import { noteDone, phaseArguments, ready, withKeyOf } from './phase-process.mjs'

const phase = phaseArguments()
const codec = JSONCodec()
const connection = await connect({ servers: `127.0.0.1:${phase.address}` })
const stream = connection.jetstream()
const consumer = await stream.consumers.get(phase.name, phase.name)

async function handle(message) {
  const payload = codec.encode(withKeyOf(phase, codec.decode(message.data)))
  if (phase.next !== undefined) await stream.publish(phase.next, payload)
  message.ack()
  if (phase.next === undefined) noteDone()
}

const messages = await consumer.consume({
  max_messages: phase.concurrency,
  callback: (message) => {
    handle(message).catch((error) => {
      console.error(error)
      message.nak()
    })
  },
})
ready()
await messages.closed()

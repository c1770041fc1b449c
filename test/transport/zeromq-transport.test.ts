/** The transport over ZeroMQ, with real sockets. */
import { zeromqTransport } from '../../src/transport/zeromq-transport.ts'
import { exerciseTransport } from './exercise-transport.ts'

exerciseTransport('zeromq', () => zeromqTransport)

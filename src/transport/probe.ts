/** A plain TCP connection tells what ZeroMQ's monitor does not: refused (nobody listens) or unreachable. */
import { connect } from 'node:net'
import { parseAddress } from '../runtime/address.ts'
import type { ProbeAnswer } from './contract.ts'

export function probe(address: string, timeoutMs: number): Promise<ProbeAnswer> {
  const { host, port } = parseAddress(address)
  return new Promise((answer) => {
    const socket = connect({ host, port })
    const finish = (found: ProbeAnswer) => {
      socket.destroy()
      answer(found)
    }
    socket.setTimeout(timeoutMs, () => finish('unreachable'))
    socket.once('connect', () => finish('open'))
    socket.once('error', (error: NodeJS.ErrnoException) =>
      finish(error.code === 'ECONNREFUSED' ? 'refused' : 'unreachable'),
    )
  })
}

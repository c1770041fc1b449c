// Ports that stay free while their process is dead. Those that the system hands out by itself would not: a
// reconnecting peer may get the very port as its own end, and then nobody can bind it again.
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below every usual range of ephemeral ports. */
const [lowest, highest] = [12_000, 30_000]

/** Pairs of neighbours: a manager has a second door beside each of the first two. */
export async function freePairs(count) {
  const pairs = []
  let port = lowest + 2 * Math.floor((Math.random() * (highest - lowest)) / 2)
  while (pairs.length < count) {
    port = port + 2 > highest ? lowest : port + 2
    if ((await isFree(port)) && (await isFree(port + 1))) pairs.push(port)
  }
  return pairs
}

async function isFree(port) {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}

/** Ports for servers of tests that must be told theirs. */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Free a moment ago. Below the range from which Linux gives a port to every connection that goes out, and so
 * is the cluster bus of a Redis that listens on it (10,000 above).
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + randomInt(11_000)
    const probe = createServer().listen(port, '127.0.0.1')
    try {
      await once(probe, 'listening')
      await once(probe.close(), 'close')
      return port
    } catch {
      // Taken.
    }
  }
}

/** The three phases of a JavaScript peer as processes, and what they have done. */
import { EventEmitter, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { end, startCommand, untilReady } from '../processes.mjs'

const groupsInFlight = 8
const groupSize = 500
const text = 'x'.repeat(160)

export class ThreeProcesses {
  /** Jobs that are through all phases. */
  done = 0
  #children
  #changed = new EventEmitter()

  /** `file` is beside this one. */
  static async start(file, { concurrency, address }) {
    const path = fileURLToPath(new URL(file, import.meta.url))
    const one = new ThreeProcesses()
    one.#children = [0, 1, 2].map((index) =>
      startCommand(process.execPath, [path, index, concurrency, address].map(String), {
        channel: true,
      }),
    )
    await Promise.all(one.#children.map((child) => untilReady(child, file)))
    one.#children[2].on('message', ({ done }) => {
      one.done = done
      one.#changed.emit('change')
    })
    return one
  }

  async untilDone(count) {
    while (this.done < count) await once(this.#changed, 'change')
  }

  async stop() {
    await Promise.all(this.#children.map((child) => end(child, 'SIGKILL')))
  }
}

/** About 200 bytes, as those of the pipeline in three-phases.mjs. */
export function payload(n) {
  return { n, text }
}

/** So many payloads in groups, some of them under way at once: `send` resolves when a group is acknowledged. */
export async function inGroups(jobs, send) {
  let sent = 0
  const sendGroups = async () => {
    while (sent < jobs) {
      const count = Math.min(groupSize, jobs - sent)
      sent += count
      await send(Array.from({ length: count }, (_, n) => payload(n)))
    }
  }
  await Promise.all(Array.from({ length: groupsInFlight }, sendGroups))
}

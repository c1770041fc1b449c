/** The pull door of a manager whose router door cannot be reached: jobs go in there, and nothing comes back. */
import { CarbontubeError } from '../errors/errors.ts'
import type { Link, Transport } from '../transport/contract.ts'

/** Something is there, and did not answer in time: a pull door takes a connection sooner than this. */
const pushWithinMs = 2_000

/** @throws CT_UNREACHABLE when what is there is no such door */
export function connectPullDoor(
  transport: Transport,
  { address, timeoutMs }: { address: string; timeoutMs: number },
): Promise<Link> {
  return new Promise((resolve, reject) => {
    const onUp = () => {
      clearTimeout(timer)
      resolve(push)
    }
    const push = transport.connectPush({ address, onUp })
    const giveUp = () => {
      push.close()
      reject(new CarbontubeError('CT_UNREACHABLE', `${address} is no door of a manager`))
    }
    const timer = setTimeout(giveUp, Math.min(timeoutMs, pushWithinMs))
  })
}

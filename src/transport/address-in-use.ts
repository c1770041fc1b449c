/** The one error that every transport words alike: a door's address is taken. */
import { CarbontubeError } from '../errors/errors.ts'

export function addressInUse(address: string, cause?: unknown): CarbontubeError {
  return new CarbontubeError('CT_ADDRESS_IN_USE', `${address} is in use by another process`, {
    hint: 'Stop that process, or choose another address.',
    details: { address },
    ...(cause === undefined ? {} : { cause }),
  })
}

/** Where the doors of a manager are to be, from the options; and that no two of them are in one place. */
import type { CommandOptions } from '../config/commands.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import type { DoorAddresses } from '../manager/doors.ts'
import { isWildcard, nextPort, parseAddress } from '../runtime/address.ts'

type Options = Pick<
  CommandOptions<'pipeline'>,
  'pullBind' | 'pullConnect' | 'routerBind' | 'subBind' | 'subConnect' | 'pubBind'
>

interface Door {
  /** As it is told: the option, or where the address comes from without it. */
  readonly name: string
  readonly address: string
}

/** @throws CT_BAD_OPTION when two doors have one address, or a door beside another has no port */
export function doorsOf(options: Options): DoorAddresses {
  const { pullBind, pullConnect, routerBind: router, subBind, subConnect, pubBind: pub } = options
  const pullDoor = { name: '--pull-bind', address: pullBind }
  const subDoor = { name: '--sub-bind', address: subBind }
  checkApart([
    pullDoor,
    router === undefined
      ? beside(pullDoor, '--router-bind')
      : { name: '--router-bind', address: router },
    subDoor,
    pub === undefined ? beside(subDoor, '--pub-bind') : { name: '--pub-bind', address: pub },
  ])
  return {
    ...{ pull: [pullBind], sub: [subBind] },
    ...given({ router, pub, pullConnect, subConnect }),
  }
}

/** The door without an option of its own: at the next port. */
function beside({ name, address }: Door, option: string): Door {
  const { port } = parseAddress(address)
  if (port === 65_535) {
    throw new CarbontubeError('CT_BAD_OPTION', `beside ${name} ${address} there is no port + 1`, {
      hint: `There ${option} would be; give it, or a lower port in ${name}.`,
      details: { option: name, value: address },
    })
  }
  // A free port's neighbour is free or is not: only binding it tells.
  const next = port === 0 ? address : nextPort(address)
  return { name: `${option} (without it ${name}, port + 1)`, address: next }
}

function checkApart(doors: readonly Door[]): void {
  for (const [index, door] of doors.entries()) {
    const other = doors.slice(index + 1).find(({ address }) => isSame(door.address, address))
    if (other === undefined) continue
    const message = `${door.name} and ${other.name} are both ${other.address}`
    throw new CarbontubeError('CT_BAD_OPTION', message, {
      hint: 'Each door of a manager has a port of its own: give another to one of them.',
      details: { doors: [door.name, other.name], address: other.address },
    })
  }
}

function isSame(one: string, other: string): boolean {
  const { host, port } = parseAddress(one)
  const that = parseAddress(other)
  if (port === 0 || port !== that.port) return false
  return host === that.host || isWildcard(one) || isWildcard(other)
}

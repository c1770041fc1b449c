/**
 * What an address means on this machine: names are resolved for `bind`, and announced as given. And where its
 * process ids count.
 */
import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { readFileSync, readlinkSync } from 'node:fs'
import { CarbontubeError } from '../errors/errors.ts'
import { parseAddress } from './address.ts'

/** What ZeroMQ can bind for this address: a name becomes an address of this machine. */
export async function bindable(address: string): Promise<string> {
  const { host, port } = parseAddress(address)
  const ip = host === '*' ? '0.0.0.0' : await resolve(host)
  return `tcp://${ip}:${port === 0 ? '*' : port}`
}

/**
 * The address of this machine that a peer at `remote` would see: the interface that the route to it uses.
 * Sends nothing (a connected UDP socket only asks the routing table).
 */
export async function localHostTowards(remote: string): Promise<string> {
  const { host, port } = parseAddress(remote)
  const ip = await resolve(host)
  return new Promise((settled) => {
    const socket = createSocket(ip.includes(':') ? 'udp6' : 'udp4')
    const finish = (found: string) => {
      socket.close()
      settled(found)
    }
    socket.once('error', () => finish('127.0.0.1'))
    socket.connect(port === 0 ? 1 : port, ip, () => finish(socket.address().address))
  })
}

/**
 * Where a process id means what it means here: this boot of this system, and on Linux this namespace, of which each
 * container has its own whatever its host is called.
 */
export function processIdScope(): string {
  const boot = read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))
  const namespace = read(() => readlinkSync('/proc/self/ns/pid'))
  return createHash('sha256').update(`${boot} ${namespace}`).digest('hex').slice(0, 8)
}

/** Nothing where the system does not have it. */
function read(source: () => string): string {
  try {
    return source()
  } catch {
    return ''
  }
}

async function resolve(host: string): Promise<string> {
  if (host.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(host)) return host
  try {
    return (await lookup(host, { family: 4 })).address
  } catch (cause) {
    throw new CarbontubeError('CT_CANNOT_BIND', `the host name "${host}" cannot be resolved`, {
      hint: 'Check the name, or give the address of an interface of this machine.',
      details: { host },
      cause,
    })
  }
}

/**
 * Addresses as people write them, `tcp://encoder1.internal:3000`: parsed, and resolved to what can be
 * bound. A name is resolved for `bind` and announced as given.
 */
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { CarbontubeError } from '../errors/errors.ts'

export interface TcpAddress {
  readonly host: string
  /** 0 = a free one. */
  readonly port: number
}

/** Throws `CT_BAD_ADDRESS`. */
export function parseAddress(address: string): TcpAddress {
  const match = /^tcp:\/\/(\[[0-9a-fA-F:.%]+\]|[^:/\s[\]]+):(\d{1,5}|\*)$/.exec(address)
  const port = match?.[2] === '*' ? 0 : Number(match?.[2])
  if (match?.[1] === undefined || !(port <= 65_535)) {
    throw new CarbontubeError('CT_BAD_ADDRESS', `"${address}" is not an address`, {
      hint: 'Write it as tcp://host:port, for example tcp://127.0.0.1:5050.',
      details: { address },
    })
  }
  return { host: match[1], port }
}

export function formatAddress({ host, port }: TcpAddress): string {
  return `tcp://${host}:${port}`
}

/** The same host, another port. */
export function withPort(address: string, port: number): string {
  return formatAddress({ host: parseAddress(address).host, port })
}

/** What ZeroMQ can bind for this address: a name becomes an address of this machine. */
export async function bindable(address: string): Promise<string> {
  const { host, port } = parseAddress(address)
  const ip = host === '*' ? '0.0.0.0' : await resolve(host)
  return `tcp://${ip}:${port === 0 ? '*' : port}`
}

export function isLoopback(address: string): boolean {
  const { host } = parseAddress(address)
  return host === 'localhost' || host.startsWith('127.') || host === '[::1]'
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

/** Addresses as people write them, `tcp://encoder1.internal:3000`: parsed and put together. */
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

/** Several as people write them: joined by commas. */
export function addressesIn(text: string): readonly string[] {
  return text.split(',').map((one) => one.trim())
}

/** The same host, another port. */
export function withPort(address: string, port: number): string {
  return formatAddress({ host: parseAddress(address).host, port })
}

/** Where the router door is beside a pull door, and the pub door beside a sub door, unless told otherwise. */
export function nextPort(address: string): string {
  return withPort(address, parseAddress(address).port + 1)
}

export function isLoopback(address: string): boolean {
  const { host } = parseAddress(address)
  return host === 'localhost' || host.startsWith('127.') || host === '[::1]'
}

/** Bound on every interface: nobody can connect to it as it is written. */
export function isWildcard(address: string): boolean {
  return ['*', '0.0.0.0', '[::]'].includes(parseAddress(address).host)
}

/**
 * The kinds of values that options take. A kind reads a value twice: from a text (a flag or a variable)
 * and from data (the configuration file), and says in a message what it wanted.
 */
import { isCarbontubeError } from '../errors/errors.ts'
import { parseAddress } from '../runtime/address.ts'
import { durationMs } from './duration.ts'

export type KindName =
  | ('address' | 'addresses' | 'endpoint' | 'count' | 'duration')
  | ('text' | 'texts' | 'choice' | 'flag')

/** A value that was read, or what about it does not fit. */
export type Reading<T> = { readonly value: T } | { readonly misfit: unknown }

export interface Kind<T, Name extends KindName = KindName> {
  readonly name: Name
  /** Stands for the value in a usage line; '' where there is none. */
  readonly placeholder: string
  /** Completes "is …, not": `an address`. */
  readonly wanted: string
  /** All there are, of a choice. */
  readonly words?: readonly string[]
  /** What to write. */
  readonly hint: string
  fromText(text: string): Reading<T>
  fromData(data: unknown): Reading<T>
  /** As somebody would write it in a text. */
  show(value: T): string
}

/** A timer of Node holds 31 bits: about 24.8 days. */
const durationMsMax = 24 * 86_400_000

const addressHint = 'Write it as tcp://host:port, for example tcp://127.0.0.1:5050.'

function readAddress(data: unknown): Reading<string> {
  try {
    if (typeof data !== 'string') return { misfit: data }
    parseAddress(data)
    return { value: data }
  } catch (error) {
    if (isCarbontubeError(error)) return { misfit: data }
    throw error
  }
}

export const address: Kind<string, 'address'> = {
  name: 'address',
  placeholder: 'address',
  wanted: 'an address',
  hint: addressHint,
  fromText: readAddress,
  fromData: readAddress,
  show: (value) => value,
}

/** One or more; a text separates them by commas. */
export const addresses: Kind<readonly string[], 'addresses'> = {
  name: 'addresses',
  placeholder: 'address',
  wanted: 'an address',
  hint: `${addressHint} Several are a list in the file, and separated by commas elsewhere.`,
  fromText: (text) => readAddresses(text.split(',').map((part) => part.trim())),
  fromData: (data) => readAddresses(data),
  show: (value) => value.join(','),
}

function readAddresses(data: unknown): Reading<readonly string[]> {
  const list: readonly unknown[] = Array.isArray(data) ? data : [data]
  if (list.length === 0) return { misfit: data }
  const value: string[] = []
  for (const one of list) {
    const reading = readAddress(one)
    if ('misfit' in reading) return reading
    value.push(reading.value)
  }
  return { value }
}

/** Where a web server listens. */
export interface Endpoint {
  /** A name, an IPv4 address, or an IPv6 address in brackets; `0.0.0.0` = every interface. */
  readonly host: string
  /** 0 = a free one. */
  readonly port: number
}

function readEndpoint(data: unknown): Reading<Endpoint> {
  const [, host = '', digits = ''] =
    typeof data === 'string' ? (/^(\[[0-9a-f:.]+\]|[\w.*-]+):(\d{1,5})$/i.exec(data) ?? []) : []
  const port = Number(digits)
  return host === '' || port > 65_535 ? { misfit: data } : { value: { host, port } }
}

export const endpoint: Kind<Endpoint, 'endpoint'> = {
  name: 'endpoint',
  placeholder: 'host:port',
  wanted: 'a host and a port',
  hint: 'Write it as host:port, for example 127.0.0.1:8080; port 0 is a free one.',
  fromText: readEndpoint,
  fromData: readEndpoint,
  show: ({ host, port }) => `${host}:${port}`,
}

/** A whole number. */
export function count({ min, max }: { min: number; max: number }): Kind<number, 'count'> {
  const read = (number: unknown, shown: unknown): Reading<number> => {
    const fits = typeof number === 'number' && Number.isInteger(number)
    return fits && number >= min && number <= max ? { value: number } : { misfit: shown }
  }
  return {
    name: 'count',
    placeholder: 'n',
    wanted: `a whole number from ${min} to ${max}`,
    hint: `Give a whole number from ${min} to ${max}.`,
    fromText: (text) => read(/^[+-]?\d+$/.test(text) ? Number(text) : NaN, text),
    fromData: (data) => read(data, data),
    show: String,
  }
}

/** Read as milliseconds; digits alone are milliseconds too. */
export const duration: Kind<number, 'duration'> = {
  name: 'duration',
  placeholder: 'duration',
  wanted: 'a duration of at most 24 days',
  hint: "Give a number with a unit ('250ms', '30s', '10m', '2h', '1d') or milliseconds.",
  fromText: (text) => readDuration(/^\d+$/.test(text) ? Number(text) : text, text),
  fromData: (data) => readDuration(data, data),
  show: showDuration,
}

function readDuration(data: unknown, shown: unknown): Reading<number> {
  try {
    const value = durationMs(data, '')
    return value <= durationMsMax ? { value } : { misfit: shown }
  } catch (error) {
    if (isCarbontubeError(error)) return { misfit: shown }
    throw error
  }
}

/** In the largest unit that leaves no fraction. */
function showDuration(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1_000, 's'],
  ] as const
  const unit = units.find(([size]) => ms >= size && ms % size === 0)
  return unit === undefined ? `${ms}ms` : `${ms / unit[0]}${unit[1]}`
}

/** Any text but the empty one. */
export function text(placeholder: string): Kind<string, 'text'> {
  const read = (data: unknown): Reading<string> =>
    typeof data === 'string' && data !== '' ? { value: data } : { misfit: data }
  return {
    name: 'text',
    placeholder,
    wanted: 'a text',
    hint: 'Give a text of at least one character.',
    fromText: read,
    fromData: read,
    show: (value) => value,
  }
}

/** One or more; a text separates them by commas. */
export function texts(placeholder: string): Kind<readonly string[], 'texts'> {
  const read = (data: unknown): Reading<readonly string[]> => {
    const list: readonly unknown[] = Array.isArray(data) ? data : [data]
    const value = list.filter((one) => typeof one === 'string' && one !== '')
    return value.length === 0 || value.length < list.length
      ? { misfit: data }
      : { value: value as readonly string[] }
  }
  return {
    name: 'texts',
    placeholder,
    wanted: 'one text or more',
    hint: 'Several are a list in the file, and separated by commas elsewhere.',
    fromText: (text) => read(text.split(',').map((part) => part.trim())),
    fromData: read,
    show: (value) => value.join(','),
  }
}

/** One of a few words. */
export function choice<const W extends string>(
  placeholder: string,
  words: readonly W[],
): Kind<W, 'choice'> {
  const read = (data: unknown): Reading<W> => {
    const value = words.find((word) => word === data)
    return value === undefined ? { misfit: data } : { value }
  }
  return {
    name: 'choice',
    placeholder,
    wanted: `one of ${words.join(', ')}`,
    hint: `Give one of ${words.join(', ')}.`,
    words,
    fromText: read,
    fromData: read,
    show: (value) => value,
  }
}

const flagWords: Readonly<Record<string, boolean>> = { true: true, 1: true, false: false, 0: false }

/** Given or not; a variable says 1 or 0. */
export const flag: Kind<boolean, 'flag'> = {
  name: 'flag',
  placeholder: '',
  wanted: 'true or false',
  hint: 'Give true or false; in a variable, 1 and 0 will do.',
  fromText(word) {
    const value = Object.hasOwn(flagWords, word) ? flagWords[word] : undefined
    return value === undefined ? { misfit: word } : { value }
  },
  fromData: (data) => (typeof data === 'boolean' ? { value: data } : { misfit: data }),
  show: String,
}

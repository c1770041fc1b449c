/**
 * One connection that comes back by itself. What is done on it is done one after the other, each thing
 * with the connection to itself: nothing gets into somebody else's transaction. A connection that breaks,
 * or does not answer in time, is given up; the next use makes a new one.
 */
import { setMaxListeners } from 'node:events'
import { CarbontubeError } from '../../errors/errors.ts'
import { pgTypes, type PgClient, type PgLibrary, type PgRow, type PgValue } from './driver.ts'
import { failureOf } from './failures.ts'

export interface ConnectionOptions {
  readonly connectionString: string | undefined
  /** Statements with which a session begins. */
  readonly session: readonly string[]
  /** After so long without an answer the connection counts as broken. */
  readonly answerMsMax: number
}

/** What is done with the connection to oneself. */
export interface Session {
  /** A statement with parameters is prepared once per connection. */
  rows(text: string, ...values: readonly PgValue[]): Promise<readonly PgRow[]>
  /** Answers how many rows it changed. */
  run(text: string, ...values: readonly PgValue[]): Promise<number>
}

/** All that is done in `action`, or nothing. */
export async function inTransaction<T>(session: Session, action: () => Promise<T>): Promise<T> {
  await session.run('BEGIN')
  try {
    const result = await action()
    await session.run('COMMIT')
    return result
  } catch (error) {
    // When the connection is gone, so is the transaction.
    await session.run('ROLLBACK').catch(() => {})
    throw error
  }
}

const connectMsMax = 5_000
/** How long a server may take to say goodbye. */
const endMsMax = 1_000
/** How long reading tries to get a connection, and the first and the longest pause between two tries. */
const [retryMsMax, pauseMsMin, pauseMsMax] = [10_000, 50, 500]

/** Legal to close at any time, also twice; it does not open again. */
export class Connection {
  readonly #library: PgLibrary
  readonly #options: ConnectionOptions
  readonly #closing = new AbortController()
  /** Of prepared statements, by their texts: those are few, for they hold no values. */
  readonly #names = new Map<string, string>()
  /** Ends when everything that was asked for before has ended. */
  #last: Promise<unknown> = Promise.resolve()
  #client: PgClient | undefined
  #isBusy = false

  constructor(library: PgLibrary, options: ConnectionOptions) {
    this.#library = library
    this.#options = options
    // A pause for each of those who wait while the server is away.
    setMaxListeners(0, this.#closing.signal)
  }

  /** `host:port/database`, never more: the rest may be secret. */
  place(): string {
    const { host, port, database } = this.#client ?? this.#newClient()
    return `${host}:${port}/${database ?? ''}`
  }

  /** Once. Throws the errors of `pg`, and CT_STOPPED after `close`. */
  async use<T>(action: (session: Session) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#run(action))
    this.#last = turn.catch(() => {})
    return await turn
  }

  /** Again after passing failures, for some seconds: for what may be done twice. */
  async useAgain<T>(action: (session: Session) => Promise<T>): Promise<T> {
    const startedAt = performance.now()
    for (let pauseMs = pauseMsMin; ; pauseMs = Math.min(pauseMs * 2, pauseMsMax)) {
      try {
        return await this.use(action)
      } catch (error) {
        const isLate = performance.now() - startedAt > retryMsMax
        if (isLate || this.#closing.signal.aborted || failureOf(error) !== 'passing') throw error
        await pause(pauseMs, this.#closing.signal)
      }
    }
  }

  /** What is under way is given up. */
  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    this.#closing.abort()
    if (client !== undefined && !this.#isBusy) await this.#inTime(client.end(), client, endMsMax)
    client?.connection.stream.destroy()
    await this.#last
  }

  async #run<T>(action: (session: Session) => Promise<T>): Promise<T> {
    const { signal } = this.#closing
    if (signal.aborted) throw stopped()
    this.#isBusy = true
    let client: PgClient | undefined
    try {
      client = this.#client ?? (await this.#connect())
      return await this.#inTime(action(new PreparedSession(client, this.#names)), client)
    } catch (error) {
      // Also a transaction that was left open ends with its connection; and the next one may lead elsewhere.
      const isOver = ['passing', 'readOnly'].includes(failureOf(error))
      if (client !== undefined && isOver) this.#giveUp(client)
      if (signal.aborted) throw stopped()
      throw error
    } finally {
      this.#isBusy = false
    }
  }

  async #connect(): Promise<PgClient> {
    const client = this.#newClient()
    this.#client = client
    try {
      await client.connect()
      const text = this.#options.session.join('; ')
      await this.#inTime(client.query({ text, rowMode: 'array', types: pgTypes }), client)
      return client
    } catch (error) {
      this.#giveUp(client)
      throw error
    }
  }

  #newClient(): PgClient {
    const { connectionString } = this.#options
    let client: PgClient
    try {
      client = new this.#library.Client({
        ...(connectionString === undefined ? {} : { connectionString }),
        application_name: 'carbontube',
        connectionTimeoutMillis: connectMsMax,
        keepAlive: true,
      })
    } catch {
      // Its error holds the string, with the password.
      throw new CarbontubeError('CT_BAD_OPTION', 'connectionString is not one that pg can read', {
        hint: 'Write it as postgres://user:password@host:5432/database.',
      })
    }
    const gone = (): void => {
      if (this.#client === client) this.#client = undefined
    }
    client.on('error', gone)
    client.on('end', gone)
    return client
  }

  async #inTime<T>(
    answer: Promise<T>,
    client: PgClient,
    msMax = this.#options.answerMsMax,
  ): Promise<T> {
    const timer = setTimeout(() => this.#giveUp(client), msMax)
    try {
      return await answer
    } finally {
      clearTimeout(timer)
    }
  }

  #giveUp(client: PgClient): void {
    if (this.#client === client) this.#client = undefined
    client.connection.stream.destroy()
  }
}

class PreparedSession implements Session {
  readonly #client: PgClient
  readonly #names: Map<string, string>

  constructor(client: PgClient, names: Map<string, string>) {
    this.#client = client
    this.#names = names
  }

  async rows(text: string, ...values: readonly PgValue[]): Promise<readonly PgRow[]> {
    return (await this.#query(text, values)).rows
  }

  async run(text: string, ...values: readonly PgValue[]): Promise<number> {
    return (await this.#query(text, values)).rowCount ?? 0
  }

  #query(text: string, values: readonly PgValue[]) {
    const query = { text, rowMode: 'array', types: pgTypes } as const
    if (values.length === 0) return this.#client.query(query)
    return this.#client.query({ ...query, values, name: this.#nameOf(text) })
  }

  #nameOf(text: string): string {
    const name = this.#names.get(text) ?? `carbontube_${this.#names.size + 1}`
    this.#names.set(text, name)
    return name
  }
}

function stopped(): CarbontubeError {
  return new CarbontubeError('CT_STOPPED', 'the Postgres store was closed meanwhile')
}

/** Ends at once when `signal` is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}

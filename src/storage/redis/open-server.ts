/**
 * Opens the connections of a store and finds out, before anything is written, whether the server is fit and
 * what lies under our prefix is ours.
 */
import { storeForeign } from '../storage-errors.ts'
import type { RedisAddress } from './address.ts'
import { Connection } from './connection.ts'
import { loadDriver } from './driver.ts'
import { explained } from './failures.ts'
import { schemaKey, schemaVersion } from './keys.ts'
import { textOf } from './records.ts'
import { factsOf, type ServerFacts } from './server-facts.ts'

/** An open store's way to its servers. */
export interface OpenServer {
  /** Of the owner: commits, leases, loads. */
  readonly owner: Connection
  /** Of people's lists and counts, which must not stand before a commit. */
  readonly people: Connection
  readonly facts: ServerFacts
}

/**
 * `opening` is called with each connection before it is made, so that somebody who closes the store
 * meanwhile can end it.
 */
export async function openServer(
  address: RedisAddress,
  names: { readonly prefix: string; readonly pipeline: string },
  opening: (connection: Connection) => void,
): Promise<OpenServer> {
  const driver = loadDriver()
  const name = `carbontube:${encodeURIComponent(names.pipeline)}`
  const connections = ['owner', 'people'].map((part) => {
    return new Connection(driver, address, `${name}:${part}`)
  }) as [Connection, Connection]
  const [owner, people] = connections
  connections.forEach(opening)
  try {
    await Promise.all(connections.map((connection) => connection.open()))
    // ioredis has asked for it, and goes on in the first one when the server has no such database.
    const { database } = address
    if (database !== undefined) await owner.again(() => owner.send('select', [database]))
    const facts = await owner.again(() => factsOf(owner.servers(), address))
    await claimPrefix(owner, names.prefix, address.where)
    return { owner, people, facts }
  } catch (error) {
    for (const connection of connections) connection.close()
    throw explained(error, address.where)
  }
}

async function claimPrefix(connection: Connection, prefix: string, where: string): Promise<void> {
  const key = schemaKey(prefix)
  const found = textOf(await connection.again(() => connection.send('get', [key])))
  if (found === '') {
    await connection.again(() => connection.send('set', [key, schemaVersion, 'NX']))
  } else if (!/^\d+$/.test(found)) {
    throw storeForeign(where, `${key} is not ours`)
  } else if (Number(found) > schemaVersion) {
    const why = `${key} says ${found}, and this version knows ${schemaVersion} at most`
    throw storeForeign(where, why)
  }
}

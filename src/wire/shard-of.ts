/** To which shard of a pipeline a job belongs. Clients and managers have to agree, in every language. */
import { checksumOf } from './requests.ts'

const encoder = new TextEncoder()

/** FNV-1a of the id in UTF-8, modulo the number of shards. */
export function shardOf(id: string, shards: number): number {
  return shards === 1 ? 0 : checksumOf(encoder.encode(id)) % shards
}

/** Those of each shard, in their order. */
export function byShard<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  shards: number,
): ReadonlyMap<number, readonly T[]> {
  const groups = new Map<number, T[]>()
  for (const item of items) {
    const shard = shardOf(idOf(item), shards)
    const group = groups.get(shard)
    if (group === undefined) groups.set(shard, [item])
    else group.push(item)
  }
  return groups
}

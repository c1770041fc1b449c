/** Milliseconds that one job takes through three phases while no other is there, as the client sees it. */
import { openOurs } from './ours.mjs'
import { latenciesOf } from './peers.mjs'
import { hundredths, quantile, spread } from './processes.mjs'
import { ranged } from './text-table.mjs'

const warmUp = 500

export async function latency({ stores, count: given, runs }) {
  const count = Number(given ?? 2_000)
  const figures = []
  const names = stores.split(',')
  for (let run = 0; run < Number(runs); run++) {
    for (const store of names) figures.push({ store, ...(await measure(store, count)) })
  }
  const rows = names.map((store) => {
    const own = figures.filter((one) => one.store === store)
    const of = (key) => spread(own.map((one) => one[key]))
    const { durability } = own[0]
    return { store, durability, p50Ms: of('p50Ms'), p99Ms: of('p99Ms'), maxMs: of('maxMs') }
  })
  return { count, runs: Number(runs), stores: rows }
}

async function measure(store, count) {
  const ours = await openOurs({ concurrency: 50, store })
  try {
    await latenciesOf(ours, warmUp)
    const all = await latenciesOf(ours, count)
    const at = (share) => hundredths(quantile(all, share))
    return { durability: ours.durability, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
  } finally {
    await ours.close()
  }
}

export function latencyTables({ stores }) {
  const rows = stores.map(({ store, p50Ms, p99Ms, durability }) => [
    ...[store, ranged(p50Ms), ranged(p99Ms), durability],
  ])
  return [{ head: ['store', 'p50, ms', 'p99, ms', 'durability'], rows }]
}

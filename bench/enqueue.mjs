/** Acknowledged jobs a second from one client: in groups of 500, eight under way; one by one, 100 under way. */
import { Installation } from './installation.mjs'
import { payload } from './peers/three-processes.mjs'
import { spread } from './processes.mjs'
import { ranged } from './text-table.mjs'

const oneByOneInFlight = 100
const warmUpShare = 0.2

export async function enqueue({ stores, jobs: given, runs }) {
  const jobs = Number(given ?? 100_000)
  const names = stores.split(',')
  const figures = []
  for (let run = 0; run < Number(runs); run++) {
    for (const store of names) figures.push({ store, ...(await measure(store, jobs)) })
  }
  const rows = names.map((store) => {
    const own = figures.filter((one) => one.store === store)
    const of = (key) => spread(own.map((one) => one[key]))
    const { durability } = own[0]
    return { store, durability, inGroups: of('inGroups'), oneByOne: of('oneByOne') }
  })
  return { jobs, runs: Number(runs), stores: rows }
}

async function measure(store, jobs) {
  const installation = await Installation.open(store, { concurrency: '1' })
  try {
    await installation.feed(Math.ceil(jobs * warmUpShare))
    const inGroups = await rateOf(jobs, () => installation.feed(jobs))
    const singles = Math.ceil(jobs / 4)
    await feedSingly(installation.client, Math.ceil(singles * warmUpShare))
    const oneByOne = await rateOf(singles, () => feedSingly(installation.client, singles))
    return { durability: installation.store.durability, inGroups, oneByOne }
  } finally {
    await installation.close()
  }
}

async function rateOf(jobs, feed) {
  const startedMs = performance.now()
  await feed()
  return Math.round((jobs / (performance.now() - startedMs)) * 1_000)
}

async function feedSingly(client, jobs) {
  let sent = 0
  const sendOnes = async () => {
    while (sent < jobs) {
      const instructions = payload(sent++)
      const { ok } = await client.enqueueJob({ name: 'three-phases', instructions })
      if (!ok) throw new Error('a job was refused')
    }
  }
  await Promise.all(Array.from({ length: oneByOneInFlight }, sendOnes))
}

export function enqueueTables({ stores }) {
  const head = ['store', 'groups of 500, jobs/s', 'one by one, jobs/s', 'durability']
  const rows = stores.map(({ store, inGroups, oneByOne, durability }) => [
    ...[store, ranged(inGroups), ranged(oneByOne), durability],
  ])
  return [{ head, rows }]
}

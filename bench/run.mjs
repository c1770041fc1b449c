/**
 * `npm run bench -- SCENARIO [options]`: measures this build on this machine. README.md says what each
 * scenario measures, and which figures were seen.
 */
import { parseArgs } from 'node:util'
import { scenarios } from './scenarios.mjs'
import { thisMachine, writeResult } from './results.mjs'
import { table } from './text-table.mjs'

const { positionals, values } = parsed({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    store: { type: 'string', default: 'sqlite' },
    stores: { type: 'string', default: 'sqlite,redis,postgres' },
    only: { type: 'string' },
    jobs: { type: 'string' },
    'warm-up': { type: 'string', default: '20000' },
    count: { type: 'string' },
    ms: { type: 'string', default: '40,100,200' },
    seconds: { type: 'string' },
    minutes: { type: 'string' },
    work: { type: 'string', default: '50000' },
    runs: { type: 'string', default: '3' },
    concurrency: { type: 'string', default: '50' },
    managers: { type: 'string', default: '1' },
    shards: { type: 'string', default: '1' },
    workers: { type: 'string', default: '1' },
    check: { type: 'boolean', default: false },
    to: { type: 'string' },
    save: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const [name = 'throughput', ...given] = positionals
if (values.help) {
  console.log(usage())
  process.exit()
}
if (!Object.hasOwn(scenarios, name)) refuse(`there is no scenario ${JSON.stringify(name)}`)

const { run, tables } = scenarios[name]
// Those without tables print what they find themselves.
const where = thisMachine()
const found = await run(values, ...given)
if (tables !== undefined) {
  const result = { ...where, ...found }
  if (values.save) writeResult(name, result)
  if (values.json) console.log(JSON.stringify({ scenario: name, ...result }))
  else for (const { head, rows } of tables(result)) console.log(table(head, rows))
}

function parsed(config) {
  try {
    return parseArgs(config)
  } catch (error) {
    return refuse(error.message)
  }
}

function refuse(why) {
  console.error(`${why}\n${usage()}`)
  process.exit(2)
}

function usage() {
  const lines = Object.entries(scenarios).map(([one, { options }]) => `  ${one} ${options}`)
  const head =
    'usage: npm run bench -- SCENARIO [--save] [--json] [options], where SCENARIO is one of'
  return [head, ...lines].join('\n')
}

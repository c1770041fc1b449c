/** How long a person waits for the command line: its help, and a pipeline file to be loaded. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { spread } from './processes.mjs'
import { ranged } from './text-table.mjs'

const path = (file) => fileURLToPath(new URL(file, import.meta.url))
const cli = path('../dist/cli/main.js')
const commands = {
  'node alone': ['-e', '0'],
  'carbontube --help': [cli, '--help'],
  'check, a JavaScript file': [cli, 'check', path('three-phases.mjs')],
  'check, a TypeScript file': [cli, 'check', path('../examples/simple/pipeline.ts')],
}

/** They take turns, so that a busy moment hits all of them. */
export function startUp({ runs: given }) {
  const runs = Math.max(10, Number(given))
  const times = new Map(Object.keys(commands).map((name) => [name, []]))
  for (let run = 0; run <= runs; run++) {
    for (const [name, args] of Object.entries(commands)) {
      const ms = timeOf(args)
      // The first run fills the caches of the disk and of the compiler.
      if (run > 0) times.get(name).push(ms)
    }
  }
  return { runs, commands: [...times].map(([name, all]) => ({ name, ms: spread(all) })) }
}

function timeOf(args) {
  const startedMs = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`)
  return Math.round(performance.now() - startedMs)
}

export function startUpTables({ commands: measured }) {
  return [
    {
      head: ['command', 'ms until it has ended'],
      rows: measured.map(({ name, ms }) => [name, ranged(ms)]),
    },
  ]
}

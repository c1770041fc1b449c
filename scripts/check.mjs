// Everything a machine can judge without running the tests: `npm run check`. All steps run, also after
// one has failed, so that one round of repairs is enough. `--only format,lint` runs some of them.
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { out, root, runStep } from './run-step.mjs'

const cruised = ['src', 'sim', 'examples', 'ui/src'].filter((folder) =>
  existsSync(join(root, folder)),
)
const packed = join(out, 'package')
const tarball = 'out/package/carbontube.tgz'

/** Name → commands. `types` comes first because lint and the package checks look at what it builds. */
const steps = {
  format: [['prettier', '--check', '--log-level', 'warn', '.']],
  types: [
    ['npm', 'run', '--silent', 'build'],
    ['tsc', '-p', 'test/tsconfig.json'],
    ['tsc', '-p', 'ui/tsconfig.json'],
  ],
  lint: [['oxlint', '.']],
  layers: [['depcruise', '--config', '.dependency-cruiser.cjs', ...cruised]],
  unused: [['knip', '--no-progress', '--no-config-hints']],
  publint: [
    ['node', 'scripts/pack.mjs', tarball],
    ['publint', 'run', tarball, '--strict'],
  ],
  attw: [
    ['node', 'scripts/pack.mjs', tarball],
    ['attw', tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'],
  ],
  docs: existsSync(join(root, 'scripts/generate-docs.mjs'))
    ? [['node', 'scripts/generate-docs.mjs', '--check']]
    : [],
}

/**
 * Runs the steps and prints a line for each as it ends, with its output when it failed.
 *
 * @param {readonly string[]} names
 * @returns {Promise<{ name: string, ok: boolean, seconds: number }[]>}
 */
export async function check(names = Object.keys(steps)) {
  rmSync(packed, { recursive: true, force: true })
  // Needs nothing of the others, and takes as long as three of them.
  const isAlone = (name) => name === 'format'
  const lanes = [names.filter(isAlone), names.filter((name) => !isAlone(name))]
  return (await Promise.all(lanes.map(inTurn))).flat()
}

async function inTurn(names) {
  const results = []
  for (const name of names) {
    if (steps[name].length === 0) continue

    const { ok, seconds, output } = await runStep(`check-${name}`, steps[name])
    results.push({ name, ok, seconds })
    if (!ok) console.log(`\n--- check: ${name} failed ---\n${output.trimEnd()}\n---\n`)
    console.log(`check: ${name}: ${ok ? 'ok' : 'FAILED'} (${seconds.toFixed(1)} s)`)
  }
  return results
}

/** Steps as a table, the failed ones in capitals. */
function table(results) {
  const row = (name, result, seconds) =>
    `  ${name.padEnd(10)}${result.padEnd(8)}${seconds.padStart(7)}`
  const rows = results.map(({ name, ok, seconds }) =>
    row(name, ok ? 'ok' : 'FAILED', seconds.toFixed(1)),
  )
  return ['', row('step', 'result', 'seconds'), ...rows].join('\n')
}

/** `--only a,b` and `--only=a,b`. */
function wanted(args) {
  if (args.length === 0) return Object.keys(steps)

  const [, inline] = /^--only=(.+)$/.exec(args[0]) ?? []
  const names = (inline ?? (args[0] === '--only' ? args[1] : undefined))?.split(',')
  const unknown = names?.filter((name) => !Object.hasOwn(steps, name))
  if (names !== undefined && unknown.length === 0) return names

  console.log(`usage: npm run check [-- --only ${Object.keys(steps).join(',')}]`)
  if (unknown !== undefined) console.log(`there is no step ${unknown.join(', ')}`)
  return process.exit(2)
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const results = await check(wanted(process.argv.slice(2)))
  console.log(table(results))
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1
}

// `npm test`: the check steps and every vitest project, counted together. The last line is for machines:
// `N passed, N failed`. With arguments only vitest runs, and gets them: `npm test -- test/core -t lease`.
// Without, the slow ones are left to CI (vitest.config.ts says which), which sets TESTS=all.
//
// All of it goes to standard output, so that the last line is the last one however the two are merged.
import { readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { check } from './check.mjs'
import { out, root, runStep } from './run-step.mjs'

const args = process.argv.slice(2)
const isQuick = args.length === 0 && process.env.TESTS !== 'all'
const report = join(out, 'vitest.json')

const checks = await check(args.length === 0 ? undefined : ['types'])
const vitest = await runVitest()
const failures = [
  ...checks.filter(({ ok }) => !ok).map(({ name }) => `check: ${name}`),
  ...vitest.failures,
]
const passed = checks.length - checks.filter(({ ok }) => !ok).length + vitest.passed

if (failures.length > 0) console.log(`\nFailed:\n${failures.map((name) => `  ${name}`).join('\n')}`)
if (vitest.ran === 0) console.log('\nNo test ran: that is a failure too.')
if (isQuick) console.log('\nThe slow tests were left to CI. All of them: TESTS=all make test')
const skips = vitest.skipped > 0 ? `, ${vitest.skipped} skipped` : ''
console.log(`\n${passed} passed, ${failures.length} failed${skips}`)
process.exitCode = failures.length > 0 || vitest.ran === 0 ? 1 : 0

/** Runs vitest, shows what it prints as it comes, and counts from its JSON report. */
async function runVitest() {
  rmSync(report, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const colour = process.stdout.isTTY ? [] : ['--no-color']
  const command = ['vitest', 'run', ...colour, ...reporters, ...args]
  const env = { TESTS: isQuick ? 'quick' : 'all' }
  const { ok } = await runStep('vitest', [command], { echo: true, env })
  const counted = count(readReport())

  // Vitest can fail without a failed test: a crash, an unhandled rejection, a file that hangs.
  if (!ok && counted.failures.length === 0) {
    counted.failures.push('vitest itself (see its output above, or out/vitest.log)')
  }
  return counted
}

function count(files) {
  const tests = files.flatMap(({ name, assertionResults }) =>
    assertionResults.map((test) => ({ ...test, file: relative(root, name) })),
  )
  const having = (...states) => tests.filter(({ status }) => states.includes(status))
  // A file that does not load has no tests to fail, and no test of it has run.
  const broken = files.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  )
  return {
    ran: having('passed', 'failed').length,
    passed: having('passed').length,
    skipped: having('skipped', 'pending', 'todo', 'disabled').length,
    failures: [
      ...having('failed').map(({ file, fullName }) => `${file}: ${fullName}`),
      ...broken.map(({ name }) => `${relative(root, name)}: the file or its hooks failed`),
    ],
  }
}

/** No report, or half of one, is what a crash leaves. */
function readReport() {
  try {
    return JSON.parse(readFileSync(report, 'utf8')).testResults
  } catch {
    return []
  }
}

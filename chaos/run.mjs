// `npm run chaos -- --minutes 10 [--seed S] [--jobs N] [--every MS]`: real processes under kill -9, SIGSTOP
// and cut links for so long, a fault every MS on average, at least so many acknowledged jobs. Exit 1 when one
// is lost, done twice, or never settles.
import { parseArgs } from 'node:util'
import { runCampaign } from './campaign.mjs'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    jobs: { type: 'string' },
    every: { type: 'string', default: '1800' },
  },
})
const minutes = Number(values.minutes)
const jobs = Number(values.jobs ?? Math.ceil(minutes * 11_000))
// A signal ends the processes too: they are killed when this one exits.
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => process.exit(130))

const report = await runCampaign({
  ...{ seed: Number(values.seed), seconds: minutes * 60, jobs, everyMs: Number(values.every) },
  say: (line) => console.log(line),
})
const { findings, faults = {}, states = {}, seconds = 0 } = report
console.log(`\nfaults: ${Object.values(faults).reduce((sum, count) => sum + count, 0)}`)
for (const name of Object.keys(faults).sort()) {
  console.log(`  ${String(faults[name]).padStart(5)}  ${name}`)
}
console.log(`jobs acknowledged: ${report.acknowledged} (${report.repeats} requests sent anew)`)
console.log(`in the store: ${JSON.stringify(states)}`)
console.log(`executions: ${report.executions}, of them repeats: ${report.repeated}`)
console.log(
  `lost: ${report.lost}; completed twice: ${report.doubles}; not settled: ${report.unsettled}`,
)
console.log(`audit: ${report.violations} violations, ${report.warnings} warnings`)
console.log(
  `${Math.round(report.acknowledged / seconds)} jobs/s over ${seconds.toFixed(1)} s, ` +
    `${report.healingSeconds?.toFixed(1)} s of it after the last fault`,
)
for (const finding of findings) console.log(`FOUND ${finding}`)
console.log(`${findings.length === 0 ? 'passed' : 'FAILED'}, seed ${report.seed}`)
process.exitCode = findings.length === 0 ? 0 : 1

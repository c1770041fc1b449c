/**
 * The campaigns of chaos/ in short: kill -9, SIGSTOP and cut links at a company under load, a fixed list of
 * seeds. `npm run chaos` and `npm run kills` are the long ones.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCampaign } from '../../chaos/campaign.mjs'
import { runKills } from '../../chaos/kill-rounds.mjs'
import { leaks, until } from '../wait.ts'

let before: readonly string[]

beforeEach(() => {
  before = process.getActiveResourcesInfo()
})

afterEach(async () => {
  await until(() => leaks(before).length === 0, { what: 'nothing is left open' })
})

describe('under chaos', () => {
  it.each([9, 75])(
    'no acknowledged job is lost, none is done twice, all settle: seed %i',
    async (seed) => {
      const report = await runCampaign({ seed, seconds: 12, jobs: 2_000, everyMs: 700 })
      expect(report).toMatchObject({ findings: [], lost: 0, doubles: 0, unsettled: 0 })
      expect(report.acknowledged).toBeGreaterThanOrEqual(2_000)
      const kinds = Object.keys(report.faults ?? {}).join(', ')
      for (const kind of ['kill -9 of a worker', 'kill -9 of the manager', 'SIGSTOP', ' cut at ']) {
        expect(kinds).toContain(kind)
      }
    },
    180_000,
  )

  it('the jobs of each of ten killed workers start elsewhere', async () => {
    const { moves, findings } = await runKills({ seed: 3, kills: 10 })
    expect(findings).toEqual([])
    expect(moves.length).toBeGreaterThanOrEqual(10)
  }, 120_000)
})

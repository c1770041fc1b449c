/** What Prometheus reads, and that the alerts and the board of the documents ask for nothing else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { metricNames } from '../../src/dashboard/metrics.ts'
import { textOf } from '../repo/repository.ts'
import { until } from '../wait.ts'
import { DashboardBench } from './dashboard-bench.ts'

const declared = [
  ...['carbontube_jobs_enqueued_total', 'carbontube_jobs_finished_total'],
  ...['carbontube_phase_attempts_total', 'carbontube_phase_duration_seconds'],
  ...['carbontube_phase_wait_seconds', 'carbontube_phase_waiting', 'carbontube_phase_in_flight'],
  ...['carbontube_phase_oldest_age_seconds', 'carbontube_workers', 'carbontube_dead_jobs'],
  ...['carbontube_manager_loop_lag_seconds', 'carbontube_build_info'],
]

let own: DashboardBench

beforeAll(async () => {
  own = await DashboardBench.open()
}, 60_000)

afterAll(() => own.close())

async function scrape(): Promise<string> {
  const { status, text, headers } = await own.call('GET', '/metrics', {}, '')
  expect(status).toBe(200)
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  return text
}

function valueOf(text: string, series: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `))
  return Number(line?.slice(series.length + 1))
}

describe('the metrics', () => {
  it('are those that are declared, and no other', async () => {
    const text = await scrape()
    const types = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
    expect(new Set(types)).toEqual(new Set(declared))
    expect(new Set(metricNames)).toEqual(new Set(declared))
  })

  it('count jobs and attempts, and have no id in any label', async () => {
    const ids = [await own.enqueue({ n: 1 }), await own.enqueue({ n: 2 })]
    const dead = await own.enqueue({ n: 3, does: 'reject' })
    const labels = 'pipeline="shown",phase="talk"'
    const text = await until(
      async () => {
        const now = await scrape()
        const [done, died] = ['done', 'dead'].map((outcome) =>
          valueOf(now, `carbontube_jobs_finished_total{pipeline="shown",outcome="${outcome}"}`),
        )
        return done === 2 && died === 1 ? now : undefined
      },
      { what: 'three jobs have ended' },
    )
    expect(valueOf(text, 'carbontube_jobs_enqueued_total{pipeline="shown"}')).toBe(3)
    const attempts = (outcome: string) =>
      valueOf(text, `carbontube_phase_attempts_total{${labels},outcome="${outcome}"}`)
    expect([attempts('done'), attempts('dead'), attempts('lost')]).toEqual([2, 1, 0])
    expect(valueOf(text, `carbontube_phase_duration_seconds_count{${labels}}`)).toBe(3)
    expect(valueOf(text, `carbontube_phase_duration_seconds_bucket{${labels},le="+Inf"}`)).toBe(3)
    expect(valueOf(text, `carbontube_phase_wait_seconds_sum{${labels}}`)).toBeGreaterThan(0)
    expect(valueOf(text, `carbontube_workers{${labels},state="ready"}`)).toBe(1)
    expect(valueOf(text, 'carbontube_dead_jobs{pipeline="shown"}')).toBe(1)
    for (const id of [...ids, dead]) expect(text).not.toContain(id)
    expect(text).not.toMatch(/tcp:|127\.0\.0\.1|@/)
  }, 30_000)
})

describe.each(['docs/monitoring/alerts.yml', 'docs/monitoring/grafana-board.json'])(
  '%s',
  (file) => {
    it('asks for metrics that exist', () => {
      const series = declared.flatMap((name) => [name, `${name}_bucket`])
      const asked = [...textOf(file).matchAll(/\bcarbontube_\w+/g)].map(([name]) => name)
      expect(asked.length).toBeGreaterThan(5)
      expect(asked.filter((name) => !series.includes(name))).toEqual([])
    })
  },
)

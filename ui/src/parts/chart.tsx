/** A line chart over time, painted by uPlot on a canvas; its figures are also there as text. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { paintedTheme } from '../theme.ts'

export interface ChartLine {
  readonly title: string
  /** Name of a custom property that holds the colour: `--line-1`. */
  readonly colour: string
  readonly values: readonly (number | null)[]
}

interface ChartProps {
  readonly title: ComponentChildren
  readonly fromMs: number
  readonly stepMs: number
  readonly lines: readonly ChartLine[]
  readonly shown: (value: number) => string
}

const height = 150

export function Chart({ title, fromMs, stepMs, lines, shown }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const [at, setAt] = useState<number>()
  const data = dataOf(fromMs, stepMs, lines)
  const shape = lines.map((line) => line.title).join('|')

  useEffect(() => {
    const element = place.current
    if (element === null) return
    const width = Math.max(element.clientWidth, 120)
    const made = new uPlot(optionsOf({ width, lines, shown, point: setAt }), data, element)
    plot.current = made
    const observer = new ResizeObserver(() => {
      made.setSize({ width: Math.max(element.clientWidth, 120), height })
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
    }
  }, [shape, paintedTheme.value])

  useEffect(() => plot.current?.setData(data), [fromMs, stepMs, lines])

  const index = at ?? lastKnown(lines)
  return (
    <figure class="chart" data-testid="chart">
      <figcaption class="chart__head">
        <span class="chart__title">{title}</span>
        <span class="chart__legend">
          {lines.map((line) => {
            const value = index === undefined ? null : line.values[index]
            return (
              <span key={line.title} class="chart__item">
                <Swatch colour={line.colour} />
                {line.title} <b>{value === null || value === undefined ? '–' : shown(value)}</b>
              </span>
            )
          })}
        </span>
      </figcaption>
      <div class="chart__place" ref={place} aria-hidden="true" />
    </figure>
  )
}

function Swatch({ colour }: { readonly colour: string }) {
  return <span class="chart__swatch" style={{ background: `var(${colour})` }} />
}

function dataOf(fromMs: number, stepMs: number, lines: readonly ChartLine[]): uPlot.AlignedData {
  const length = Math.max(0, ...lines.map(({ values }) => values.length))
  const times = Array.from({ length }, (_, step) => (fromMs + step * stepMs) / 1_000)
  return [times, ...lines.map(({ values }) => [...values])]
}

/** Position of the newest value of any line. */
function lastKnown(lines: readonly ChartLine[]): number | undefined {
  const last = Math.max(
    -1,
    ...lines.map(({ values }) => values.findLastIndex((value) => value !== null)),
  )
  return last < 0 ? undefined : last
}

interface Look {
  readonly width: number
  readonly lines: readonly ChartLine[]
  readonly shown: (value: number) => string
  readonly point: (index: number | undefined) => void
}

function optionsOf({ width, lines, shown, point }: Look): uPlot.Options {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => resolvedColour(style.getPropertyValue(name))
  const axis = {
    stroke: colour('--muted'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    width,
    height,
    // Half of the last time stands over the edge.
    padding: [8, 16, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { setScale: false }, points: { size: 6 } },
    scales: { y: { range: (_, __, high) => [0, niceTop(high)] } },
    axes: [
      { ...axis, space: 70, size: 26, values: (_, times) => times.map(shownMinute) },
      { ...axis, space: 32, size: 58, values: (_, values) => values.map(shown) },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.title,
        stroke: colour(line.colour),
        width: 1.75,
        points: { size: 4 },
        spanGaps: false,
      })),
    ],
    hooks: { setCursor: [(self) => point(self.cursor.idx ?? undefined)] },
  }
}

/** A canvas knows no `light-dark()`: ask the browser which colour that is here. */
function resolvedColour(value: string): string {
  const probe = document.createElement('span')
  probe.style.color = value
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

function niceTop(high: number | null): number {
  if (high === null || !(high > 0)) return 1
  const magnitude = 10 ** Math.floor(Math.log10(high))
  return (
    [1, 2, 2.5, 5, 10, 20].map((step) => step * magnitude).find((top) => top >= high * 1.05) ?? high
  )
}

/** `14:05` of seconds since 1970. */
function shownMinute(seconds: number): string {
  const time = new Date(seconds * 1_000)
  return `${String(time.getHours()).padStart(2, '0')}:${String(time.getMinutes()).padStart(2, '0')}`
}

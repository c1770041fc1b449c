/** Charts as SVG, by hand: grey on nothing, so that they are legible on a light page and on a dark one. */
import { grouped } from './text-table.mjs'

const ink = '#7a7f87'
const faint = '#7a7f8740'
const palette = ['#2f81f7', '#e3772e', '#2da44e', '#a371f7', '#d4a72c']
export const width = 760
const font = 'font-family="system-ui, sans-serif" font-size="12"'

/**
 * A bar each, as long as its median, with a line from least to most. `bars`: `{ label, note, isOurs, range }`.
 */
export function barChart({ title, unit, bars }) {
  const [left, right, top, row] = [250, 130, 44, 34]
  const most = Math.max(...bars.map(({ range }) => range.max))
  const x = (value) => left + (value / most) * (width - left - right)
  const parts = bars.map(({ label, note, isOurs, range }, at) => {
    const y = top + at * row
    const middle = y + 11
    return [
      text(left - 10, y + 10, label, 'end'),
      text(left - 10, y + 23, note, 'end', 10),
      `<rect x="${left}" y="${y}" width="${dot(x(range.median) - left)}" height="22" rx="2" fill="${isOurs ? palette[0] : ink}"/>`,
      line([x(range.min), middle], [x(range.max), middle], palette[1]),
      text(x(range.max) + 8, y + 15, `${grouped(range.median)} ${unit}`),
    ].join('\n')
  })
  return svg({ title, height: top + bars.length * row + 10 }, parts)
}

/** `series`: `{ label, points: [[x, y], …] }`. `isLog`: of the horizontal axis. */
export function lineChart({ title, xLabel, yLabel, isLog = false, series }) {
  const [left, right, top, bottom, height] = [80, 20, 60, 50, 320]
  const points = series.flatMap((one) => one.points)
  const scale = isLog ? Math.log10 : (value) => value
  const xs = points.map(([x]) => scale(x))
  const [least, most] = [Math.min(...xs), Math.max(...xs)]
  const highest = roundUp(Math.max(...points.map(([, y]) => y)))
  const x = (value) =>
    left + ((scale(value) - least) / (most - least || 1)) * (width - left - right)
  const y = (value) => height - bottom - (value / highest) * (height - top - bottom)
  const levels = [0, 0.25, 0.5, 0.75, 1].map((share) => share * highest)
  const ticks = ticksOf(points.map(([at]) => at))
  return svg({ title, height }, [
    ...levels.map((level) => line([left, y(level)], [width - right, y(level)], faint)),
    ...levels.map((level) => text(left - 8, y(level) + 4, short(level), 'end')),
    ...ticks.map((at) => text(x(at), height - bottom + 18, short(at), 'middle')),
    text((left + width - right) / 2, height - 10, xLabel, 'middle'),
    text(16, top - 14, yLabel),
    ...series.map((one, at) => text(left + 160 * at, top - 14, one.label, 'start', 12, color(at))),
    ...series.map((one, at) =>
      polyline(
        one.points.map((point) => [x(point[0]), y(point[1])]),
        color(at),
      ),
    ),
  ])
}

export function svg({ title, height }, parts) {
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" ${font}>`,
    `<title>${escaped(title)}</title>`,
    `<text x="16" y="24" font-size="15" font-weight="600" fill="${ink}">${escaped(title)}</text>`,
    ...parts,
    '</svg>',
  ].join('\n')}\n`
}

export function text(x, y, words, ...look) {
  const [anchor = 'start', size = 12, fill = ink] = look
  const place = `x="${dot(x)}" y="${dot(y)}" text-anchor="${anchor}"`
  return `<text ${place} font-size="${size}" fill="${fill}">${escaped(words)}</text>`
}

function line([x1, y1], [x2, y2], stroke) {
  const ends = `x1="${dot(x1)}" y1="${dot(y1)}" x2="${dot(x2)}" y2="${dot(y2)}"`
  return `<line ${ends} stroke="${stroke}" stroke-width="1.5"/>`
}

function polyline(points, stroke) {
  const path = points.map(([x, y]) => `${dot(x)},${dot(y)}`).join(' ')
  return `<polyline points="${path}" fill="none" stroke="${stroke}" stroke-width="2"/>`
}

function color(at) {
  return palette[at % palette.length]
}

/** At most eight of them, the first and the last among these. */
function ticksOf(values) {
  const all = [...new Set(values)].toSorted((a, b) => a - b)
  const step = Math.max(1, Math.ceil((all.length - 1) / 7))
  return all.filter((_, at) => at % step === 0 || at === all.length - 1)
}

function roundUp(value) {
  const unit = 10 ** Math.floor(Math.log10(value || 1))
  return [1, 2, 4, 5, 8, 10].map((many) => many * unit).find((one) => one >= value)
}

function short(value) {
  if (value >= 1e6) return `${dot(value / 1e6)} M`
  return value >= 10_000 ? `${dot(value / 1_000)} k` : String(dot(value))
}

function dot(number) {
  return Math.round(number * 10) / 10
}

export function escaped(words) {
  return String(words).replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

/** Figures as people read them, and columns for a terminal. */

/** The median, and least to most in brackets. */
export function ranged({ min, median, max }) {
  return `${grouped(median)} (${grouped(min)} … ${grouped(max)})`
}

export function grouped(number) {
  return number.toLocaleString('en')
}

export function table(head, rows) {
  const all = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at].length)))
  const line = (row) => row.map((cell, at) => cell.padEnd(widths[at] + 2)).join('')
  return `${all.map((row) => line(row).trimEnd()).join('\n')}\n`
}

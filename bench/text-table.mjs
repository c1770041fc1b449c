/** Columns for a terminal. */
export function table(head, rows) {
  const all = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at].length)))
  const line = (row) => row.map((cell, at) => cell.padEnd(widths[at] + 2)).join('')
  return `${all.map((row) => line(row).trimEnd()).join('\n')}\n`
}

/** Times that a test has seen, for whoever reads its output: what is fast enough has a number. */
export function noteFigure(text: string): void {
  process.stdout.write(`seen: ${text}\n`)
}

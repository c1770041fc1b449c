/**
 * What all phases of the JavaScript peers share: the key a phase adds, and how the process that measures hears
 * of it. A peer's own events would cost it messages; the channel to the parent process costs nearly nothing.
 */
const names = ['first', 'second', 'third']

/** The arguments of a phase: its index, its concurrency, and where the server is. */
export function phaseArguments() {
  const [index, concurrency, address] = process.argv.slice(2)
  const at = Number(index)
  return { at, name: names[at], next: names[at + 1], concurrency: Number(concurrency), address }
}

export function withKeyOf({ name, at }, payload) {
  return { ...payload, [name]: at + 1 }
}

/** To be called once the phase takes jobs. */
export function ready() {
  process.send('ready')
}

let done = 0
let isTold = true

/** A job is through: told once for all that are through in this turn of the event loop. */
export function noteDone() {
  done += 1
  if (!isTold) return
  isTold = false
  setImmediate(() => {
    isTold = true
    process.send({ done })
  })
}

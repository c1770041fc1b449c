/** `top`: how a pipeline is doing, at a terminal, once a second: the figures of the dashboard. */
import { emitKeypressEvents } from 'node:readline'
import type { CommandOptions } from '../config/commands.ts'
import { viewOfPipeline } from '../dashboard/pipeline-view.ts'
import { PipelineWatch } from '../dashboard/pipeline-watch.ts'
import { WorkerViews } from '../dashboard/worker-views.ts'
import { systemClock } from '../runtime/clock.ts'
import { commandLogger, print } from './command-context.ts'
import { drawTop } from './draw-top.ts'
import { withClient } from './inspect.ts'
import { readerGone, stopSignal } from './shutdown.ts'

/** Another screen, to be left as it was; the cursor hidden. */
const enterScreen = '\u001b[?1049h\u001b[?25l'
const leaveScreen = '\u001b[?25h\u001b[?1049l'
const home = '\u001b[H'
/** Of text that no terminal shows. */
const pipedColumns = 160
const clearLine = '\u001b[K'
const clearBelow = '\u001b[J'

/** Until `q`, Ctrl-C or a signal. Where nobody looks, it is printed once; as JSON, one value a line, on and on. */
export async function showTop(address: string, options: CommandOptions<'top'>): Promise<number> {
  // Says at once what is wrong with the address; the watch would try for ever.
  await withClient(address, options, () => Promise.resolve())
  const { stdout, stdin } = process
  const isScreen = stdout.isTTY && !options.json
  const ended = Promise.race([stopSignal(0), readerGone(), quitKey(stdin)])
  let isOver: (code: number) => void = () => undefined
  const shownOnce = new Promise<number>((resolve) => (isOver = resolve))

  const workers = new WorkerViews()
  const all = () => workers.list(() => undefined)
  const watch = new PipelineWatch({
    ...{ address, timeoutMs: options.timeoutMs, logger: commandLogger(options) },
    nowMs: () => systemClock.nowMs(),
    onSample: (sample) => {
      workers.take(sample)
      if (isScreen) return draw()
      const view = viewOfPipeline(watch)
      if (view === undefined) return
      if (options.json) return print({ ...view, workers: all() })
      // Rates need two looks.
      if (watch.since(Infinity) === undefined) return
      print(
        drawTop(view, all(), { columns: pipedColumns, rows: Infinity, nowMs: systemClock.nowMs() }),
      )
      isOver(0)
    },
  })
  const draw = () => {
    const view = viewOfPipeline(watch)
    if (view === undefined) return
    // A terminal that does not know its size says 0.
    const [columns, rows] = [stdout.columns || 80, stdout.rows || 24]
    const size = { columns, rows, nowMs: systemClock.nowMs() }
    const lines = drawTop(view, all(), size).split('\n')
    stdout.write(`${home}${lines.map((line) => line + clearLine).join('\n')}${clearBelow}`)
  }
  if (isScreen) stdout.write(enterScreen)
  // When no manager answers, no sample comes, and that must be seen too.
  const timer = isScreen ? setInterval(draw, 1_000) : undefined
  stdout.on('resize', draw)
  try {
    await watch.start()
    return await Promise.race([ended, shownOnce])
  } finally {
    clearInterval(timer)
    stdout.off('resize', draw)
    await watch.stop()
    if (stdin.isTTY) stdin.setRawMode(false)
    stdin.pause()
    if (isScreen) stdout.write(leaveScreen)
  }
}

/** In raw mode Ctrl-C is a key as any other. */
function quitKey(stdin: NodeJS.ReadStream): Promise<0> {
  if (!stdin.isTTY) return new Promise(() => undefined)
  emitKeypressEvents(stdin)
  stdin.setRawMode(true)
  stdin.resume()
  return new Promise((resolve) => {
    stdin.on('keypress', (_, key: { name?: string; ctrl?: boolean }) => {
      if (key.name === 'q' || key.name === 'escape' || (key.ctrl === true && key.name === 'c')) {
        resolve(0)
      }
    })
  })
}

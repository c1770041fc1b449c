/**
 * What the dashboard is looked at with: orders that are checked, charged and shipped, and do on demand what
 * makes a dashboard worth looking at: they fail, wait, fail twice and pass, flood the log, give megabytes.
 */
import { appendFileSync, existsSync } from 'node:fs'
import { Phase, Pipeline, Reject, accepts, type Context } from 'carbontube'
import { z } from 'zod'

const order = z.looseObject({
  orderNumber: z.number().int().min(1).describe('As it is on the invoice'),
  customer: z.object({ name: z.string().min(1) }).optional(),
  express: z.boolean().optional(),
  /** What the order is to do to whoever looks at it. */
  does: z.enum(['throw', 'failTwice', 'logALot', 'giveMegabytes']).optional(),
  says: z.string().optional(),
  takesMs: z.number().int().min(0).optional(),
  waitsFor: z.string().optional(),
  rejectedUntil: z.string().optional(),
  reason: z.string().optional(),
})

type Order = z.infer<typeof order>

class Validate extends Phase {
  readonly jobType = 'validate'
  concurrency = 20

  execute(job: { orderNumber: number }) {
    return { validated: true, lines: (job.orderNumber % 5) + 1 }
  }
}

class Charge extends Phase {
  readonly jobType = 'charge'
  concurrency = 4
  retry = { attempts: 3, delay: 50, jitter: false }

  async execute(job: Order & { lines: number }, context: Context) {
    note(context)
    if (job.takesMs !== undefined) await pause(job.takesMs, context.signal)
    while (job.waitsFor !== undefined && !existsSync(job.waitsFor)) await pause(10, context.signal)
    if (job.does === 'throw') throw new Reject(job.reason ?? 'the card was declined')
    if (job.does === 'failTwice' && context.attempt < 3) chargeCard(context.attempt)
    if (job.rejectedUntil !== undefined && !existsSync(job.rejectedUntil)) {
      throw new Reject(job.reason ?? 'the bank is closed')
    }
    if (job.does === 'logALot') await logALot(context)
    if (job.says !== undefined) context.log.info(job.says, { orderNumber: job.orderNumber })
    return job.does === 'giveMegabytes'
      ? { charged: true, receipt: 'x'.repeat(5 * 1024 * 1024) }
      : { charged: true }
  }
}

class Ship extends Phase {
  readonly jobType = 'ship'
  concurrency = 20

  execute(job: { lines: number }) {
    return { shipped: job.lines }
  }
}

export class Orders extends Pipeline {
  readonly name = 'orders'
  readonly phases = accepts(order).chain(Validate, Charge, Ship)
}

/** A frame of its own: stacks are to name this file, and two of them. */
function chargeCard(attempt: number): never {
  throw new Error(`the bank did not answer call ${attempt}`)
}

/** 2,000 lines a second for ten seconds. */
async function logALot(context: Context): Promise<void> {
  const everyMs = 50
  for (const endMs = Date.now() + 10_000; Date.now() < endMs;) {
    for (let line = 0; line < 100; line++) context.log.info(`line ${line} of many`, { line })
    await pause(everyMs, context.signal)
  }
}

/** Who ran what: tests count executions by it. */
function note({ jobId, attempt }: Context): void {
  const ledger = process.env['LEDGER']
  if (ledger !== undefined) appendFileSync(ledger, `${JSON.stringify({ jobId, attempt })}\n`)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(new Error(String(signal.reason)))
    })
  })
}

/** Whatever is asked, the answer is a problem with a code, or what was asked for: never 500. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routeNames, routes, type Route } from '../../src/dashboard/routes.ts'
import { DashboardBench } from './dashboard-bench.ts'

let own: DashboardBench

beforeAll(async () => {
  own = await DashboardBench.open()
  await own.enqueue({ n: 1 }, 'known')
}, 60_000)

afterAll(() => own.close())

/** Those that wait or never end are tested elsewhere. */
const asked = routeNames
  .map((name): Route => routes[name])
  .filter(({ path }) => !path.endsWith('/stream') && !path.endsWith('/wait'))

const segment = fc.oneof(
  fc.constantFrom('shown', 'known', 'none', '.', '..', '%', '%zz', '%2F', '%00', 'a b', '€', ''),
  fc.string({ maxLength: 200, unit: 'grapheme' }).map((text) => encodeURIComponent(text)),
)
const word = fc.oneof(
  fc.constantFrom('shown', 'known', 'talk', 'state:dead', 'n=1', 'id:kno', '6h', '10', '-1', ''),
  fc.string({ maxLength: 100, unit: 'grapheme' }),
)
const bodies = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record(
        {
          instructions: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue()),
          ...{ id: word, priority: fc.oneof(fc.integer(), fc.double()), token: word, phase: word },
          ...{
            fromPhase: word,
            pipeline: word,
            worker: word,
            ids: fc.array(word),
            dryRun: fc.boolean(),
          },
          ...{
            filter: fc.record({ q: word, group: word }, { requiredKeys: [] }),
            confirm: fc.double(),
          },
          ...{ action: fc.constantFrom('redrive', 'discard', 'cancel', 'retry', 'x') },
          perSecondMax: fc.oneof(fc.integer({ min: 100 }), fc.constant(-1)),
        },
        { requiredKeys: [] },
      )
      .map((value) => JSON.stringify(value)),
  },
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.string(),
)
const headers = fc.dictionary(
  fc.constantFrom(
    'authorization',
    'cookie',
    'content-type',
    'accept',
    'sec-fetch-site',
    'x-forwarded-proto',
    'origin',
    'content-length',
    'if-none-match',
    'range',
  ),
  fc.stringMatching(/^[ -~]{0,60}$/).map((text) => text.trim()),
  { maxKeys: 2 },
)
const names = [
  'q',
  'group',
  'pipeline',
  'after',
  'limit',
  'span',
  'topics',
  'phase',
  'job',
  'level',
  'text',
  'x',
] as const

/** A length that is not the body's is for the server of Node to refuse, with the connection. */
function unlessCut(error: unknown): undefined {
  if (error instanceof Error && 'code' in error) return undefined
  throw error instanceof Error ? error : new Error(String(error))
}

describe('any request', () => {
  it('is answered, and never with 500', async () => {
    const anyRoute = fc.constantFrom(...asked)
    const query = fc.dictionary(fc.constantFrom(...names), word, { maxKeys: 4 })
    const method = fc.option(
      fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'OPTIONS', 'HEAD', 'TRACE'),
    )
    const segments = fc.array(segment, { minLength: 2, maxLength: 2 })
    const request = fc.record({ anyRoute, query, method, segments, body: bodies, headers })
    await fc.assert(
      fc.asyncProperty(request, async ({ anyRoute: route, segments: parts, ...one }) => {
        let at = 0
        const path = route.path.replaceAll(/\{\w+\}/g, () => parts[at++] ?? '')
        const search = new URLSearchParams(one.query).toString()
        const answer = await own
          .call(one.method ?? route.method, `${path}?${search}`, one)
          .catch(unlessCut)
        if (answer === undefined) return
        expect(answer.status, answer.text).not.toBe(500)
        if (answer.status >= 400 && answer.json !== undefined) {
          expect(answer.json).toMatchObject({
            status: answer.status,
            code: expect.stringMatching(/^CT_/) as string,
          })
        }
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 400), endOnFailure: true },
    )
    expect(own.errors).toEqual([])
  }, 120_000)
})

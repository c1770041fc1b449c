/**
 * The front end as it is shipped: its size, since it is opened over slow lines while something burns, and
 * that nothing in it needs another origin or what a strict content security policy refuses.
 */
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { build, type Rolldown } from 'vite'
import { files, linesThatMatch } from './repository.ts'

/** kB after gzip: all scripts together, all styles together. */
const budgets = { js: 60, css: 12 }

let built: ReadonlyMap<string, string> = new Map()

beforeAll(async () => {
  const configFile = fileURLToPath(new URL('../../ui/vite.config.ts', import.meta.url))
  const result = await build({ configFile, logLevel: 'silent', build: { write: false } })
  const { output } = result as Rolldown.RolldownOutput
  built = new Map(
    output.map((one) => [one.fileName, String(one.type === 'chunk' ? one.code : one.source)]),
  )
}, 60_000)

function textsOf(kind: string): readonly string[] {
  return [...built].filter(([name]) => name.endsWith(`.${kind}`)).map(([, text]) => text)
}

describe('the front end of the dashboard', () => {
  it.each(['js', 'css'] as const)('keeps its %s within its budget', (kind) => {
    const texts = textsOf(kind)
    const bytes = texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0)
    expect(texts.length).toBeGreaterThan(0)
    expect(bytes / 1_000).toBeLessThanOrEqual(budgets[kind])
  })

  it('loads only files beside itself, whatever path it is mounted at', () => {
    const [page = ''] = textsOf('html')
    const loaded = [...page.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, path]) => path)
    expect(loaded.length).toBeGreaterThan(1)
    expect(loaded.filter((path) => !path?.startsWith('./'))).toEqual([])
    expect(textsOf('css').filter((text) => /url\(|@import/.test(text))).toEqual([])
  })

  it('has no script and no style inside of its page', () => {
    const [page = ''] = textsOf('html')
    expect(page).not.toMatch(/<style|\bstyle=|\bon\w+=|<script(?![^>]*\bsrc=)/)
  })

  it('writes no HTML from a text, which Trusted Types would refuse', () => {
    const sources = files.filter((file) => /^ui\/src\/.*\.tsx?$/.test(file))
    const sinks =
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|\beval\(|Function\(/i
    expect(sources.length).toBeGreaterThan(30)
    expect(linesThatMatch(sinks, sources)).toEqual([])
  })
})

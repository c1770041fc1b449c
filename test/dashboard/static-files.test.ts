/** The pages as they are served: how long browsers keep them, how they are packed, and nothing but them. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StaticFiles } from '../../src/dashboard/static-files.ts'

let folder: string
let files: StaticFiles

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carbontube-ui-'))
  files = new StaticFiles(join(folder, 'ui'))
  writeFileSync(join(folder, 'secret.txt'), 'secret')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const get = (path: string, encoding = '') =>
  files.answer(new Request('http://localhost/', { headers: { 'accept-encoding': encoding } }), path)

function build(text: string, builtAt: number): void {
  mkdirSync(join(folder, 'ui', 'assets'), { recursive: true })
  writeFileSync(join(folder, 'ui', 'index.html'), `<!doctype html>${text}`)
  writeFileSync(join(folder, 'ui', 'assets', 'app-1a2b.js'), `// ${text}\n${'x();'.repeat(500)}`)
  utimesSync(join(folder, 'ui', 'index.html'), builtAt, builtAt)
}

describe('the files of the front end', () => {
  it('say what is missing as long as they are not built', async () => {
    const answer = await get('/')
    expect(answer?.status).toBe(503)
    expect(await answer?.text()).toContain('npm run build')
    expect(await get('/assets/app-1a2b.js')).toBeUndefined()
  })

  it('are kept for ever when their name has a hash in it, and the page is asked for each time', async () => {
    build('one', 1_000)
    const [page, script] = [await get('/'), await get('/assets/app-1a2b.js')]
    expect(page?.headers.get('cache-control')).toBe('no-cache')
    expect(page?.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(script?.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(script?.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  })

  it('come packed as the browser can unpack them', async () => {
    build('one', 1_000)
    const plain = await (await get('/assets/app-1a2b.js'))?.text()
    const [br, gzip] = [
      await get('/assets/app-1a2b.js', 'gzip, br'),
      await get('/assets/app-1a2b.js', 'gzip'),
    ]
    expect([br, gzip].map((one) => one?.headers.get('content-encoding'))).toEqual(['br', 'gzip'])
    const bytes = async (one: Response | undefined) =>
      one === undefined ? Buffer.alloc(0) : Buffer.from(await one.arrayBuffer())
    expect(brotliDecompressSync(await bytes(br)).toString()).toBe(plain)
    expect(gunzipSync(await bytes(gzip)).toString()).toBe(plain)
    expect(br?.headers.get('vary')).toBe('accept-encoding')
    const encodings = [
      'br;q=0, gzip',
      'BR ; q=0.0,gzip;q=0.5',
      'br;q=0',
      'gzip;q=0, br;q=1',
      '*;q=0',
      'x-br',
    ]
    const packed = await Promise.all(encodings.map((one) => get('/assets/app-1a2b.js', one)))
    expect(packed.map((one) => one?.headers.get('content-encoding'))).toEqual([
      ...['gzip', 'gzip', null, 'br', null, null],
    ])
  })

  it('are those of the newest build', async () => {
    build('one', 1_000)
    await get('/')
    build('two', 2_000)
    expect(await (await get('/'))?.text()).toContain('two')
    expect(await (await get('/assets/app-1a2b.js'))?.text()).toContain('// two')
  })

  it('are found under any path the dashboard is mounted at', async () => {
    build('one', 1_000)
    for (const path of ['/a/b/', '/a/b/index.html', '/a/b/assets/app-1a2b.js']) {
      expect((await get(path))?.status, path).toBe(200)
    }
  })

  it.each(['/../secret.txt', '/assets/../../secret.txt', '/secret.txt', '/assets/', '/nothing'])(
    'are all that is served: not %s',
    async (path) => {
      build('one', 1_000)
      const text = (await (await get(path))?.text()) ?? ''
      expect(text).not.toContain('secret')
    },
  )
})

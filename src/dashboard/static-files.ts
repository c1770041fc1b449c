/**
 * The front end as it was built: read once into memory, compressed once. A path is a key of a table, so none
 * leads out of the folder. A new build is noticed by its index page.
 */
import { readFile, readdir, stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'

interface StaticFile {
  readonly type: string
  readonly plain: Uint8Array<ArrayBuffer>
  readonly br?: Uint8Array<ArrayBuffer>
  readonly gzip?: Uint8Array<ArrayBuffer>
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
}
const compressible = /^(text|application)|svg/
const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Carbontube</title>
<h1>The pages of the dashboard are not built</h1>
<p>The server runs, and its API answers below <code>api/v1/</code>. Build the pages with
<code>npm run build</code>, then load this again.</p></html>
`

export class StaticFiles {
  readonly #folder: string
  #files = new Map<string, StaticFile>()
  #builtMs = 0

  /** @param folder with index.html and assets/ */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** `undefined`: nothing is there. Whatever comes before the last known part of the path is the mount path. */
  async answer(request: Request, path: string): Promise<Response | undefined> {
    await this.#refresh()
    const name = /(?:^|\/)(assets\/[^/]+)$/.exec(path)?.[1] ?? path.slice(path.lastIndexOf('/') + 1)
    const file = this.#files.get(name === '' ? 'index.html' : name)
    if (file !== undefined) return respond(request, file, name.startsWith('assets/'))
    if (name !== '' && name !== 'index.html') return undefined
    const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }
    return new Response(notBuilt, { status: 503, headers })
  }

  async #refresh(): Promise<void> {
    const builtMs = await modifiedMs(join(this.#folder, 'index.html'))
    if (builtMs === this.#builtMs) return
    this.#files = builtMs === 0 ? new Map() : await load(this.#folder)
    this.#builtMs = builtMs
  }
}

async function modifiedMs(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs
  } catch {
    return 0
  }
}

async function load(folder: string): Promise<Map<string, StaticFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
  const files = await Promise.all(
    paths.map(async (path) => {
      const name = path.slice(folder.length).split(sep).filter(Boolean).join('/')
      return [name, await readStatic(path)] as const
    }),
  )
  return new Map(files)
}

async function readStatic(path: string): Promise<StaticFile> {
  const plain = new Uint8Array(await readFile(path))
  const type = types[extname(path)] ?? 'application/octet-stream'
  if (!compressible.test(type)) return { type, plain }
  const [br, zipped] = await Promise.all([
    promisify(brotliCompress)(plain),
    promisify(gzip)(plain, { level: 9 }),
  ])
  return { type, plain, br: new Uint8Array(br), gzip: new Uint8Array(zipped) }
}

function respond(request: Request, file: StaticFile, isHashed: boolean): Response {
  const accepted = request.headers.get('accept-encoding') ?? ''
  const encoding = (['br', 'gzip'] as const).find(
    (one) => isAccepted(accepted, one) && file[one] !== undefined,
  )
  const headers = new Headers({
    'content-type': file.type,
    'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'accept-encoding',
  })
  if (encoding !== undefined) headers.set('content-encoding', encoding)
  return new Response((encoding === undefined ? undefined : file[encoding]) ?? file.plain, {
    headers,
  })
}

/** Whether it is named, and not with a weight of 0: that says never. */
function isAccepted(accepted: string, encoding: string): boolean {
  return accepted.split(',').some((part) => {
    const [name, ...parameters] = part.split(';').map((one) => one.trim().toLowerCase())
    return name === encoding && !parameters.some((one) => /^q=0(\.0*)?$/.test(one))
  })
}

/** A small reverse proxy, as people put in front of a dashboard: it mounts it below a path, and streams. */
import { once } from 'node:events'
import {
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

export class MountingProxy {
  /** What was asked for outside of the path. */
  readonly strays: string[] = []
  readonly #target: URL
  readonly #path: string
  readonly #server: Server

  private constructor(target: string, path: string) {
    this.#target = new URL(target)
    this.#path = path
    this.#server = createServer((asked, answer) => this.#pass(asked, answer))
  }

  /** @param path begins with a slash and does not end in one; it is taken away before the target is asked */
  static async open(target: string, path: string): Promise<MountingProxy> {
    const proxy = new MountingProxy(target, path)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${port}${this.#path}/`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    const { url = '', method, headers } = asked
    if (!url.startsWith(`${this.#path}/`)) {
      // A browser looks for this one by itself.
      if (url !== '/favicon.ico') this.strays.push(url)
      answer.writeHead(404).end()
      return
    }
    const { hostname, port } = this.#target
    const path = url.slice(this.#path.length)
    const passed = request({ hostname, port, path, method, headers }, (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers)
      given.pipe(answer)
    })
    passed.on('error', () => answer.destroy())
    answer.on('close', () => passed.destroy())
    asked.pipe(passed)
  }
}

/** A TCP proxy that breaks a connection at a chosen request: before the server has it, or before its answer. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

interface Cut {
  /** In the request. */
  readonly at: RegExp
  readonly when: 'before' | 'after'
  done(): void
}

export class TcpProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #cut: Cut | undefined

  private constructor(targetPort: number) {
    this.#server = createServer((client) => this.#serve(client, targetPort))
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort)
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Breaks the next connection whose request has this in it. Resolves when it is done. */
  async cut(at: string | RegExp, when: Cut['when']): Promise<void> {
    await new Promise<void>((resolve) => (this.#cut = { at: new RegExp(at), when, done: resolve }))
  }

  async stop(): Promise<void> {
    const closed = once(this.#server.close(), 'close')
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #serve(client: Socket, targetPort: number): void {
    const server = connect(targetPort, '127.0.0.1')
    const end = (): void => {
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      socket.once('close', end).on('error', end)
    }
    let ending: Cut | undefined
    client.on('data', (bytes) => {
      const cut = this.#cut
      if (cut !== undefined && cut.at.test(bytes.toString('latin1'))) {
        this.#cut = undefined
        ending = cut
        if (cut.when === 'before') end()
      }
      if (ending?.when === 'before') ending.done()
      else server.write(bytes)
    })
    server.on('data', (bytes) => {
      // The answer shows that the server has done it; nobody else will see it.
      if (ending === undefined) client.write(bytes)
      else end()
      ending?.done()
    })
  }
}

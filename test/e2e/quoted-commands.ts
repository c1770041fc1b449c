/** The commands that a how-to quotes, with addresses of this machine in place of the boxes. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { regionNames, regionOf } from '../../scripts/quoted-regions.mjs'

const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export class QuotedCommands {
  readonly #text: string
  readonly #addresses: () => Readonly<Record<string, string>>
  readonly #used = new Set<string>()

  /** @param file in `examples/stores` */
  constructor(file: string, addresses: () => Readonly<Record<string, string>>) {
    const url = new URL(`../../examples/stores/${file}`, import.meta.url)
    this.#text = readFileSync(url, 'utf8')
    this.#addresses = addresses
  }

  region(name: string): string {
    this.#used.add(name)
    const all = { ...this.#addresses(), 'npx carbontube': `${process.execPath} ${cli}` }
    return Object.entries(all).reduce(
      (text, [there, here]) => text.replaceAll(there, here),
      regionOf(this.#text, name),
    )
  }

  /** Those that nobody has asked for. */
  get unused(): readonly string[] {
    return regionNames(this.#text).filter((name: string) => !this.#used.has(name))
  }
}

/** A Lua program that a server runs at one stroke: nothing else happens on its keys meanwhile. */
import { createHash } from 'node:crypto'

export interface Script {
  readonly text: string
  /** Under which a server that has seen it knows it. */
  readonly sha: string
}

export function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

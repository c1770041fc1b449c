/**
 * Helpers that keep the core honest. A broken invariant stops the manager: the store is the truth
 * it restarts from (the rule is TigerBeetle's).
 */
export class InvariantBroken extends Error {
  override readonly name = 'InvariantBroken'
}

/** Asserts what must be true, also in production. */
export function invariant(condition: boolean, what: string): asserts condition {
  if (!condition) throw new InvariantBroken(what)
}

/** What `invariant` does, for hot paths: the text is only made when it is needed. */
export function broken(what: string): never {
  throw new InvariantBroken(what)
}

/** The final branch of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new InvariantBroken(`unreachable: ${JSON.stringify(value)}`)
}

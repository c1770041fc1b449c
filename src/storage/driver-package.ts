/** Where the optional driver of a store is looked for: by each of the given `require`s, in order. */

/** A `require` of some folder, as `createRequire` makes it. */
export type RequireFrom = (id: string) => unknown

/** The package, or `undefined` when nobody finds it. One that is found and does not load throws. */
export function packageFrom(name: string, requires: readonly RequireFrom[]): unknown {
  for (const from of requires) {
    try {
      return from(name)
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  return undefined
}

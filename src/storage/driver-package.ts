/** Where the optional driver of a store is looked for: by each of the given `require`s, in order. */

/** The package, or `undefined` when nobody finds it. One that is found and does not load throws. */
export function packageFrom(id: string, places: readonly ((id: string) => unknown)[]): unknown {
  for (const load of places) {
    try {
      return load(id)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code !== 'MODULE_NOT_FOUND' || !message.includes(`'${id}'`)) throw error
    }
  }
  return undefined
}

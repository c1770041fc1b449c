/**
 * Absent stays absent: with `exactOptionalPropertyTypes` an optional property takes no `undefined`, so
 * what may be missing is left out instead of being passed on.
 */

/** `T`, with the properties that may be `undefined` turned into optional ones. */
export type Given<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K]
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** A copy without the properties that are `undefined`. */
export function given<T extends object>(values: T): Given<T> {
  const present = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present) as Given<T>
}

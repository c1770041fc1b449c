// Two types for the checks of these files: exact equality, and the demand that it holds.
export type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

export type True<T extends true> = T

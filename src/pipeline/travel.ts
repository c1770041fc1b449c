/**
 * What survives the trip between two phases: JSON values plus bytes. `Travels<T>` is the type of a value
 * after that trip, `LostPath<T>` names what would not arrive. The run-time twin is `wire/instructions.ts`.
 */

/** A value that travels as it is. */
export type Json =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

/** The instructions of a job: what phases read and add to. */
export type Instructions = Record<string, unknown>

/** Marks a property in a compiler message whose value does not arrive. */
export interface CannotTravel<T> {
  '~carbontube: this value cannot travel between phases': T
}

/** `true` for `any` only. */
export type IsAny<T> = 0 extends 1 & T ? true : false

type Scalar = string | number | boolean | null | undefined | void

/** Values that do not travel, whatever is in them. Typed arrays other than bytes are among them. */
type Lost =
  | bigint
  | symbol
  | ((...args: never[]) => unknown)
  | (abstract new (...args: never[]) => unknown)
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | PromiseLike<unknown>
  | RegExp
  | ArrayBuffer
  | ArrayBufferView

/**
 * The type of a value on the other side: what has a `toJSON` (a `Date`) arrives as what that returns,
 * a `Buffer` as bytes, objects and lists member by member.
 */
export type Travels<T> =
  IsAny<T> extends true
    ? T
    : T extends Uint8Array
      ? Uint8Array
      : T extends Scalar
        ? T
        : T extends { toJSON(...args: never[]): infer J }
          ? Travels<J>
          : T extends Lost
            ? CannotTravel<T>
            : T extends object
              ? { [K in keyof T]: Travels<T[K]> }
              : T

/** Levels into which `LostPath` looks; deeper faults are left to the check at run time. */
type DepthMax = 4

/** Paths of what does not travel in `T`, as a union of texts: `'meta.onDone' | 'segments[]'`. */
export type LostPath<T, Path extends string = '', Depth extends readonly 0[] = []> =
  IsAny<T> extends true
    ? never
    : T extends Scalar | Uint8Array
      ? never
      : T extends { toJSON(...args: never[]): infer J }
        ? LostPath<J, Path, Depth>
        : T extends Lost
          ? Path
          : Depth['length'] extends DepthMax
            ? never
            : T extends readonly (infer E)[]
              ? LostPath<E, `${Path}[]`, [...Depth, 0]>
              : T extends object
                ? {
                    [K in keyof T & string]-?: LostPath<T[K], Below<Path, K>, [...Depth, 0]>
                  }[keyof T & string]
                : never

type Below<Path extends string, Key extends string> = Path extends '' ? Key : `${Path}.${Key}`

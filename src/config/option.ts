/**
 * What is said about an option, once, and what follows from it: its flag, its variable, the type of its
 * value, and how its default reads. The options themselves are in `commands.ts`.
 */
import type { Kind, KindName } from './kinds.ts'

/** Where a value may come from, the strongest first. */
export type Source = 'flag' | 'variable' | 'file'

export interface OptionTraits<T> {
  /** What it is for; one sentence. */
  readonly summary: string
  /** What it counts, where the kind does not say: `jobs`. */
  readonly unit?: string
  readonly default?: T
  /** What holds without it, where that is no value: `a free port`. */
  readonly otherwise?: string
  /** One letter, as in `-f`. */
  readonly short?: string
  /** The command cannot run without it. */
  readonly required?: true
  /** All of them, unless it says here. */
  readonly sources?: readonly Source[]
  /** Where the name of the key would mean something else to another command. */
  readonly variable?: string
}

export interface Option<T = unknown> extends OptionTraits<T> {
  readonly kind: Kind<T>
}

/** Options by key, which is also the key in the configuration file. */
export type Options = Readonly<Record<string, Option>>

/** Declares an option: the default has to be a value of the kind, the rest is kept as it is. */
export function option<T, N extends KindName, const S extends OptionTraits<T>>(
  kind: Kind<T, N>,
  traits: S,
): S & { readonly kind: Kind<T, N> } {
  return { ...traits, kind }
}

type ValueOf<O> = O extends { readonly kind: Kind<infer T> } ? T : never

/** Durations are milliseconds from here on, and say so. */
type NameOf<K, O> = O extends { readonly kind: { readonly name: 'duration' } }
  ? `${K & string}Ms`
  : K

type IsSure<O> = O extends { readonly default: unknown } | { readonly required: true }
  ? true
  : false

/** What a command receives: every option with a default is there, the others may be absent. */
export type Resolved<S extends Options> = {
  readonly [K in keyof S as IsSure<S[K]> extends true ? NameOf<K, S[K]> : never]: ValueOf<S[K]>
} & {
  readonly [K in keyof S as IsSure<S[K]> extends true ? never : NameOf<K, S[K]>]?: ValueOf<S[K]>
}

/** The name of the resolved value: `drain` is `drainMs`. */
export function resolvedName(key: string, { kind }: Option): string {
  return kind.name === 'duration' ? `${key}Ms` : key
}

/** `pullBind` is `--pull-bind`. */
export function flagOf(key: string): string {
  return `--${words(key).join('-')}`
}

/** `pullBind` is `CARBONTUBE_PULL_BIND`; `undefined` when the option has no variable. */
export function variableOf(key: string, option: Option): string | undefined {
  if (!comesFrom(option, 'variable')) return undefined
  return option.variable ?? `CARBONTUBE_${words(key).join('_').toUpperCase()}`
}

export function comesFrom({ sources }: Option, source: Source): boolean {
  return sources === undefined || sources.includes(source)
}

/** Given again, its flag adds a value instead of replacing the first. */
export function isRepeatable({ kind }: Option): boolean {
  return kind.name === 'addresses' || kind.name === 'texts'
}

/** What holds when nobody says anything: `30s`, `a free port`; '' when that goes without saying. */
export function defaultOf(option: Option): string {
  if (option.required === true) return 'required'
  if (option.default !== undefined) return option.kind.show(option.default)
  return option.otherwise ?? ''
}

function words(key: string): string[] {
  return key.split(/(?=[A-Z])/).map((word) => word.toLowerCase())
}

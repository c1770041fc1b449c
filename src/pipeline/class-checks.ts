/**
 * Finds slips in the members of a user's class. Users keep fields of their own on a phase (`this.gpu`),
 * so an unknown name is only reported when it is nearly the name of an option, that option is not set,
 * and the value could be one for it: `timeuot = 600_000` is a slip, `inputs = []` is the user's.
 */
import { closest } from '../errors/did-you-mean.ts'
import { badPhase } from './phase-options.ts'

/** The options of a class, each with the test that its value could pass. */
export type FieldKinds = Readonly<Record<string, (value: unknown) => boolean>>

/** Throws CT_BAD_PIPELINE when a plain field looks like an option that was mistyped. */
export function checkPlainFields(instance: object, kinds: FieldKinds, who: string): void {
  const known = Object.keys(kinds)
  const unset = known.filter((name) => Reflect.get(instance, name) === undefined)
  for (const [name, value] of Object.entries(instance)) {
    if (known.includes(name)) continue
    const meant = closest(name, unset)
    if (meant === undefined || !kinds[meant]?.(value)) continue
    throw badPhase(`${who} has a field "${name}", which means nothing; did you mean "${meant}"?`, {
      hint: `If "${name}" is your own, give it a name less like "${meant}".`,
      details: { field: name, meant },
    })
  }
}

/**
 * Throws CT_BAD_PIPELINE when one of `known` is not there but a method is nearly called so. For the
 * optional ones only the case may differ (`tearDown`): they would silently never be called.
 */
export function checkMethodNames(instance: object, known: readonly string[], who: string): void {
  const unset = known.filter((name) => typeof Reflect.get(instance, name) !== 'function')
  if (unset.length === 0) return
  for (const name of methodsOf(instance)) {
    if (known.includes(name)) continue
    const near = closest(name, unset)
    if (near === undefined) continue
    if (near !== 'execute' && near.toLowerCase() !== name.toLowerCase()) continue
    throw badPhase(`${who} has a method "${name}", which is not called; did you mean "${near}"?`, {
      details: { method: name, meant: near },
    })
  }
}

function methodsOf(instance: object): Set<string> {
  const names = new Set<string>()
  let prototype: unknown = Object.getPrototypeOf(instance)
  while (typeof prototype === 'object' && prototype !== null && prototype !== Object.prototype) {
    for (const name of Object.getOwnPropertyNames(prototype)) names.add(name)
    prototype = Object.getPrototypeOf(prototype)
  }
  return names
}

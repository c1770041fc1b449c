/**
 * The one place that calls a user's schema, whichever library made it (standardschema.dev).
 */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'

/** A value that passed, as the schema gives it back, or what was wrong, one line per issue. */
export type Validation<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly string[] }

/** Whether a value follows the Standard Schema convention. */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false
  const props: unknown = Reflect.get(value, '~standard')
  return typeof (props as { validate?: unknown } | undefined)?.validate === 'function'
}

/**
 * Runs a schema over a value. Issues read `path.to.it: message`; without a path, just the message. A
 * schema that throws is a defect of the schema: the throw comes through.
 */
export async function validateWithSchema<S extends StandardSchemaV1>(
  schema: S,
  value: unknown,
): Promise<Validation<StandardSchemaV1.InferOutput<S>>> {
  const result = await schema['~standard'].validate(value)
  if (result.issues === undefined) return { ok: true, value: result.value }
  return { ok: false, issues: result.issues.map(lineOf) }
}

/**
 * JSON Schema (2020-12) of what may be given to a schema, if its library can tell (Zod from 4.2, ArkType, …).
 * `undefined`: it cannot, or not of this one.
 */
export function jsonSchemaOf(schema: StandardSchemaV1): Record<string, unknown> | undefined {
  const { jsonSchema } = schema['~standard'] as Partial<StandardJSONSchemaV1.Props>
  try {
    return jsonSchema?.input({ target: 'draft-2020-12' })
  } catch {
    // A transform, or a function: there is no such thing in JSON Schema.
    return undefined
  }
}

function lineOf(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part))
  return path.length === 0 ? issue.message : `${path.map(String).join('.')}: ${issue.message}`
}

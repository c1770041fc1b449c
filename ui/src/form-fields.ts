/**
 * A form out of a JSON Schema: one field for every leaf that a person can type into, the rest as JSON.
 * Forms are a help, not a judge: the server checks the input, so what is not understood here becomes a
 * field for JSON instead of an error.
 */

export type FieldKind = 'text' | 'longText' | 'number' | 'integer' | 'boolean' | 'choice' | 'json'

export interface FormField {
  /** Names from the outside in: `['user', 'name']`. */
  readonly path: readonly string[]
  readonly kind: FieldKind
  readonly isRequired: boolean
  readonly description?: string
  /** What the field starts with, as typed text. */
  readonly start: string
  readonly choices?: readonly string[]
  /** What is allowed, in words: `1 to 10`. */
  readonly limits?: string
}

type Schema = Readonly<Record<string, unknown>>

/** Objects inside of objects, at most so deep; deeper ones are JSON. */
const depthMax = 3
const fieldsMax = 60

export function fieldsOf(schema: Schema | undefined): readonly FormField[] {
  if (schema === undefined) return []
  return objectFields(schema, schema, []).slice(0, fieldsMax)
}

function objectFields(schema: Schema, root: Schema, path: readonly string[]): FormField[] {
  const required = new Set(textsOf(schema['required']))
  return Object.entries(recordOf(schema['properties']) ?? {}).flatMap(([name, raw]) => {
    const field = resolved(raw, root)
    const inner = [...path, name]
    const isObject = field['type'] === 'object' && recordOf(field['properties']) !== undefined
    // An optional object as fields would say `{}` where nothing was meant.
    if (isObject && required.has(name) && path.length < depthMax) {
      return objectFields(field, root, inner)
    }
    return [fieldOf(field, inner, required.has(name))]
  })
}

function fieldOf(schema: Schema, path: readonly string[], isRequired: boolean): FormField {
  const kind = kindOf(schema)
  const choices = choicesOf(schema)
  const limits = limitsOf(schema)
  const description = schema['description'] ?? schema['title']
  return {
    path,
    kind,
    isRequired,
    start: startOf(schema, kind),
    ...(typeof description === 'string' ? { description } : {}),
    ...(choices === undefined ? {} : { choices }),
    ...(limits === '' ? {} : { limits }),
  }
}

function kindOf(schema: Schema): FieldKind {
  if (choicesOf(schema) !== undefined) return 'choice'
  const kinds = Array.isArray(schema['type'])
    ? schema['type'].filter((one) => one !== 'null')
    : [schema['type']]
  if (kinds.length !== 1) return 'json'
  switch (kinds[0]) {
    case 'string':
      return Number(schema['maxLength'] ?? 0) > 200 ? 'longText' : 'text'
    case 'number':
      return 'number'
    case 'integer':
      return 'integer'
    case 'boolean':
      return 'boolean'
    default:
      return 'json'
  }
}

/** Values of an `enum`, or of a union of constants, when all of them are texts or numbers. */
function choicesOf(schema: Schema): readonly string[] | undefined {
  const union = schema['anyOf'] ?? schema['oneOf']
  const constants = Array.isArray(union) ? union.map((one) => recordOf(one)?.['const']) : undefined
  const values = Array.isArray(schema['enum']) ? schema['enum'] : constants
  if (values === undefined || values.length === 0) return undefined
  const isPlain = values.every((one) => typeof one === 'string' || typeof one === 'number')
  return isPlain ? values.map((one) => JSON.stringify(one)) : undefined
}

function startOf(schema: Schema, kind: FieldKind): string {
  const value = schema['default'] ?? schema['const']
  if (value === undefined) return ''
  if (kind === 'text' || kind === 'longText') return typeof value === 'string' ? value : ''
  return JSON.stringify(value)
}

function limitsOf(schema: Schema): string {
  const { minimum, maximum, minLength, maxLength, pattern, format } = schema
  const between = (low: unknown, high: unknown, unit: string): string => {
    if (isUseful(low)) return isUseful(high) ? `${low} to ${high}${unit}` : `${low} or more${unit}`
    return isUseful(high) ? `at most ${high}${unit}` : ''
  }
  const parts = [
    between(minimum, maximum, ''),
    between(minLength, maxLength, ' characters'),
    typeof format === 'string' ? format : '',
    typeof pattern === 'string' ? `like ${pattern}` : '',
  ]
  return parts.filter((part) => part !== '').join(', ')
}

/** Generators write the largest safe integer where they mean no limit. */
function isUseful(limit: unknown): limit is number {
  return typeof limit === 'number' && Math.abs(limit) < Number.MAX_SAFE_INTEGER
}

/** Follows `$ref` inside of the document, a few steps at most. */
function resolved(raw: unknown, root: Schema): Schema {
  let schema = recordOf(raw) ?? {}
  for (let step = 0; step < 8; step++) {
    const target = schema['$ref']
    if (typeof target !== 'string' || !target.startsWith('#/')) return schema
    let at: unknown = root
    for (const name of target.slice(2).split('/')) at = recordOf(at)?.[name]
    schema = recordOf(at) ?? {}
  }
  return schema
}

export type Filled =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly issues: Readonly<Record<string, string>> }

/**
 * The instructions that a filled form stands for. Empty optional fields are left out.
 *
 * @param typed text of each field, by its path joined with dots
 */
export function filledForm(
  fields: readonly FormField[],
  typed: ReadonlyMap<string, string>,
): Filled {
  const value: Record<string, unknown> = {}
  const issues: Record<string, string> = {}
  for (const field of fields) {
    const name = field.path.join('.')
    const text = typed.get(name) ?? field.start
    if (text === '' && (!field.isRequired || field.kind === 'text' || field.kind === 'longText')) {
      if (field.isRequired) put(value, field.path, '')
      continue
    }
    const read = readField(field, text)
    if ('issue' in read) issues[name] = read.issue
    else put(value, field.path, read.value)
  }
  return Object.keys(issues).length === 0 ? { ok: true, value } : { ok: false, issues }
}

function readField(field: FormField, text: string): { value: unknown } | { issue: string } {
  if (field.kind === 'text' || field.kind === 'longText') return { value: text }
  if (text.trim() === '') return { issue: 'is required' }
  if (field.kind === 'number' || field.kind === 'integer') {
    const number = Number(text)
    if (!Number.isFinite(number)) return { issue: `${text} is no number` }
    if (/^-?\d+$/.test(text.trim()) && BigInt(text) !== BigInt(number)) {
      return { issue: `would become ${number}: it has too many digits` }
    }
    return { value: number }
  }
  try {
    return { value: JSON.parse(text) as unknown }
  } catch (error) {
    return { issue: error instanceof Error ? error.message : 'is no JSON' }
  }
}

function put(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at = into
  for (const name of path.slice(0, -1)) {
    const inner = recordOf(at[name]) ?? {}
    at[name] = inner
    at = inner as Record<string, unknown>
  }
  at[path.at(-1) ?? ''] = value
}

/**
 * Issues of the server by field: it names `instructions.user.name`, `/user/name` or `user.name`.
 */
export function issuesByField(
  issues: readonly { readonly path: string; readonly message: string }[],
): Readonly<Record<string, string>> {
  const byField: Record<string, string> = {}
  for (const { path, message } of issues) {
    const name = path
      .replaceAll('/', '.')
      .replace(/^\./, '')
      .replace(/^instructions(\.|$)/, '')
    byField[name] = byField[name] === undefined ? message : `${byField[name]}; ${message}`
  }
  return byField
}

function recordOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

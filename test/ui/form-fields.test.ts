/** A form helps to write the input; what it cannot say is written as JSON. */
import { describe, expect, it } from 'vitest'
import { fieldsOf, filledForm, issuesByField } from '../../ui/src/form-fields.ts'

const schema = {
  type: 'object',
  required: ['source', 'user', 'sizes'],
  properties: {
    source: { type: 'string', minLength: 3, description: 'Where the film is' },
    codec: { enum: ['av1', 'h264'], default: 'av1' },
    crf: { type: 'integer', minimum: 1, maximum: 63 },
    isPublic: { type: 'boolean' },
    sizes: { type: 'array', items: { type: 'integer' } },
    user: { $ref: '#/$defs/user' },
    extra: { type: 'object', properties: { note: { type: 'string' } } },
    either: { anyOf: [{ type: 'string' }, { type: 'number' }] },
    maybe: { type: ['number', 'null'] },
    whole: { type: 'integer', minimum: -9007199254740991, maximum: 9007199254740991 },
  },
  $defs: { user: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } },
}
const fields = fieldsOf(schema)
const field = (name: string) => fields.find(({ path }) => path.join('.') === name)
const filled = (typed: Record<string, string>) => filledForm(fields, new Map(Object.entries(typed)))

describe('a form', () => {
  it('has a field for each leaf, and JSON for the rest', () => {
    expect(fields.map(({ path, kind }) => `${path.join('.')} ${kind}`)).toEqual([
      'source text',
      'codec choice',
      'crf integer',
      'isPublic boolean',
      'sizes json',
      'user.name text',
      'extra json',
      'either json',
      'maybe number',
      'whole integer',
    ])
  })

  it('says what is allowed', () => {
    expect(field('source')).toMatchObject({ description: 'Where the film is', isRequired: true })
    expect(field('source')?.limits).toBe('3 or more characters')
    expect(field('crf')?.limits).toBe('1 to 63')
    expect(field('whole')?.limits).toBeUndefined()
  })

  it('starts with the defaults', () => {
    expect(field('codec')).toMatchObject({ start: '"av1"', choices: ['"av1"', '"h264"'] })
  })

  it('gives the input, without what was left empty', () => {
    const typed = {
      source: 'a.mov',
      sizes: '[1080]',
      crf: '30',
      isPublic: 'true',
      'user.name': 'Ann',
    }
    expect(filled(typed)).toEqual({
      ok: true,
      value: {
        ...{ source: 'a.mov', codec: 'av1', crf: 30, isPublic: true, sizes: [1080] },
        user: { name: 'Ann' },
      },
    })
  })

  it('says beside the field what cannot be read', () => {
    const result = filled({ crf: 'many', sizes: '[1' })
    expect(result.ok ? {} : Object.keys(result.issues)).toEqual(['crf', 'sizes'])
  })

  it('refuses a whole number that would lose digits', () => {
    expect(filled({ crf: '9007199254740993' })).toMatchObject({
      issues: { crf: expect.stringContaining('too many digits') as string },
    })
    expect(filled({ crf: '-9007199254740992' })).not.toHaveProperty('issues.crf')
  })

  it('has nothing to show without a schema', () => {
    expect(fieldsOf(undefined)).toEqual([])
  })

  it('survives a reference to itself', () => {
    const round = { properties: { a: { $ref: '#/properties/a' } } }
    expect(fieldsOf(round)).toMatchObject([{ kind: 'json' }])
  })
})

describe('issues of the server', () => {
  it('find their field, however its path is written', () => {
    const issues = [
      { path: 'instructions.user.name', message: 'is short' },
      { path: '/sizes/0', message: 'is no number' },
      { path: 'source', message: 'is missing' },
      { path: 'source', message: 'is no URL' },
      { path: '', message: 'is odd' },
    ]
    expect(issuesByField(issues)).toEqual({
      ...{ 'user.name': 'is short', 'sizes.0': 'is no number' },
      ...{ source: 'is missing; is no URL', '': 'is odd' },
    })
  })
})

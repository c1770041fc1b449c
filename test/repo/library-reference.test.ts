/** The reference of the library: that it has every export, and words for each of them and of their members. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { entriesOf, referenceOf, sectionsOf } from '../../scripts/library-reference.mjs'
import { root, textOf } from './repository.ts'

const manifest = JSON.parse(textOf('package.json')) as { exports: Record<string, unknown> }
const entries = entriesOf(root)

describe('the entries', () => {
  it('are those of package.json', () => {
    const names = Object.keys(manifest.exports).filter((key) => key !== './package.json')
    expect(entries.map(({ name }) => name)).toEqual(names.map((key) => `carbontube${key.slice(1)}`))
  })
})

describe.each(entries)('the reference of $name', ({ source, page }) => {
  const text = textOf(`docs/reference/${page}`)
  const headings = [...text.matchAll(/^### (\w+)/gm)].map(([, heading]) => heading)

  it('has every export, in the order of the list', () => {
    expect(headings).toEqual(sectionsOf(source).flatMap(({ names }) => names))
  })

  it('has what can be imported', async () => {
    const values = Object.keys((await import(source)) as object)
    expect(values.filter((name) => !headings.includes(name))).toEqual([])
  })

  it('has words for everything', () => {
    expect(withoutWords(text)).toEqual([])
  })
})

describe('withoutWords', () => {
  it('finds an export and a member that have none', () => {
    const code = ['```ts', 'interface A {', '  /** B. */', '  b: 1', '  c: 2', '}', '```']
    expect(withoutWords(['### A', '', ...code].join('\n'))).toEqual(['### A', 'A:   c: 2'])
  })
})

describe('the generator', () => {
  let folder = ''
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** What it makes of an entry that exports `a.ts`, as the compiler would have declared it. */
  async function made(names: string, ...declared: string[]) {
    folder = mkdtempSync(join(tmpdir(), 'library-reference-'))
    mkdirSync(join(folder, 'dist'))
    writeFileSync(join(folder, 'package.json'), '{ "name": "made" }')
    writeFileSync(join(folder, 'index.ts'), `// Things\nexport { ${names} } from './a.ts'\n`)
    const entry = ['/** Words.', ' * @module', ' */', `export { ${names} } from './a.js'`, '']
    writeFileSync(join(folder, 'dist/index.d.ts'), entry.join('\n'))
    writeFileSync(join(folder, 'dist/a.d.ts'), declared.join('\n'))
    const files = { source: join(folder, 'index.ts'), types: join(folder, 'dist/index.d.ts') }
    const [other] = entries.filter(({ name }) => name === 'carbontube/testing')
    const { pages, problems } = await referenceOf(folder, [
      { name: 'made', page: 'made.generated.md', ...files },
      // TypeDoc makes something else of a single one; the problems of this one are not looked at.
      ...(other === undefined ? [] : [other]),
    ])
    return {
      text: pages['docs/reference/made.generated.md'] ?? '',
      problems: problems.filter((problem) => problem.includes('made.')),
    }
  }

  it('says what has no docstring, and which type nobody can import', async () => {
    const { problems } = await made(
      'A',
      'interface Hidden { readonly x: 1 }',
      'export interface A {',
      '  readonly silent: Hidden',
      '}',
      'export {}',
    )
    const [hidden, ...silent] = problems
    expect(hidden).toMatch(/Hidden, .* is referenced by made\.A\.silent/)
    const names = ['made.A', 'made.A.silent']
    expect(silent).toEqual(names.map((name) => `library: ${name} has no docstring`))
  }, 30_000)

  it('shows what is public, with the members of a base that nobody can import', async () => {
    const { text, problems } = await made(
      'A, a',
      'interface Base {',
      '  /** From the base. */',
      '  readonly base?: number',
      '}',
      '/** Words about A. */',
      'export interface A extends Base {',
      '  /** @internal */',
      '  readonly inner: 1',
      '}',
      '/**',
      ' * Words about a.',
      ' *',
      ' * @param one what it gets',
      ' * @throws CT_USAGE at times',
      ' */',
      'export declare function a(one: A): void',
      'export {}',
    )
    expect(problems).toEqual([])
    expect(text).toContain('interface A {\n  /** From the base. */\n  readonly base?: number\n}')
    expect(text).toMatch(/^### a \(function\)$/m)
    expect(text).toContain('- `one`: what it gets\n\nThrows CT_USAGE at times\n\nSee [A](#a)')
    expect(text).not.toContain('inner')
  }, 30_000)
})

/** Headings that no words follow, and members in a block of code without a docstring above them. */
function withoutWords(text: string): string[] {
  const parts = text.split(/^(?=####? )/m).filter((part) => part.startsWith('###'))
  return parts.flatMap((part) => {
    const lines = part.split('\n')
    const [heading = '', second = '', third = ''] = lines
    const silent =
      second === '' && /^[\w`[(]/.test(third) && !third.startsWith('```') ? [] : [heading]
    const [, name = '', body = ''] =
      /```ts\n(?:abstract )?(?:class|interface) (\w+)[^{]*\{\n([\s\S]*?)\n\}\n```/.exec(part) ?? []
    const members = body.split('\n')
    const bare = members.filter((line, at) => {
      const above = members[at - 1] ?? ''
      return /^ {2}[\w'[]/.test(line) && !above.endsWith('*/')
    })
    return [...silent, ...bare.map((line) => `${name}: ${line}`)]
  })
}

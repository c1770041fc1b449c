/** Code blocks of the documents come from files that run: that the comparison sees every way of straying. */
import { describe, expect, it } from 'vitest'
import { quoteRegions, regionNames, regionOf } from '../../scripts/quoted-regions.mjs'
import { files, textOf } from './repository.ts'

const source = [
  '// Why it exists.',
  'function outer() {',
  '  // #region inner',
  '  if (true) {',
  '    work()',
  '  }',
  '  // #endregion inner',
  '}',
  '',
].join('\n')

function quote(...lines: string[]) {
  const read = (path: string) => {
    if (path === 'a.ts') return source
    if (path === 'test/reader.ts') return `readFileSync('docs/page.md')`
    throw new Error('no such file')
  }
  return quoteRegions({ path: 'docs/page.md', text: lines.join('\n') }, read)
}

describe('a block', () => {
  it('is filled with its region, without markers and shared indentation', () => {
    const { text, problems } = quote('<!-- from a.ts#inner -->', '', '```ts', 'old()', '```', 'end')
    expect(problems).toEqual([])
    expect(text.split('\n').slice(2)).toEqual([
      '```ts',
      'if (true) {',
      '  work()',
      '}',
      '```',
      'end',
    ])
  })

  it('may be a whole file, still without markers', () => {
    const { text } = quote('<!-- from a.ts -->', '```ts', '```')
    expect(text).toContain('// Why it exists.\nfunction outer() {\n  if (true) {')
    expect(text).not.toContain('#region')
  })

  it('may be read by a test that names the page', () => {
    const lines = ['<!-- read by test/reader.ts -->', '```sh', 'make demo', '```']
    expect(quote(...lines)).toEqual({ text: lines.join('\n'), problems: [] })
  })

  it('may be a drawing, if it claims to be no code', () => {
    expect(quote('<!-- a drawing -->', '```text', 'A → B', '```').problems).toEqual([])
    expect(quote('<!-- a drawing -->', '```sh', 'rm -r', '```').problems).toHaveLength(1)
  })

  it.each([
    ['without a comment', ['```sh', 'ls', '```'], 'docs/page.md:1: the block has no source'],
    ['below a paragraph', ['<!-- from a.ts -->', 'So:', '```ts', '```'], 'has no source'],
    ['of no file', ['<!-- from b.ts -->', '```ts', '```'], 'b.ts: no such file'],
    ['of no region', ['<!-- from a.ts#x -->', '```ts', '```'], 'a.ts: has 0 regions "x"'],
    ['of no reader', ['<!-- read by a.ts -->', '```ts', '```'], 'a.ts does not read docs/page.md'],
    ['in a list', ['<!-- from a.ts -->', '- so', '  ```ts', '  ```'], 'has no source'],
    ['without an end', ['<!-- from a.ts -->', '```ts'], 'the block has no end'],
    ['with more than a language', ['```ts {1}', 'x()', '```'], 'not understood'],
    ['fenced by tildes', ['~~~ts', 'x()', '~~~'], 'not understood'],
  ])('%s is a problem', (_, lines, problem) => {
    expect(quote(...lines).problems[0]).toContain(problem)
  })
})

describe('a region', () => {
  it('needs an end, and a name of its own', () => {
    expect(() => regionOf('# #region a\nx', 'a')).toThrow('has no end of region "a"')
    const twice = '# #region a\n# #endregion a\n'.repeat(2)
    expect(() => regionOf(twice, 'a')).toThrow('has 2 regions "a"')
  })

  it('is listed by its name', () => {
    expect(regionNames(source)).toEqual(['inner'])
  })
})

describe('the documents', () => {
  const pages = files.filter((file) => /^(README|docs\/.*(?<!\.generated))\.md$/.test(file))

  it.each(pages)('%s shows what its sources say', (path) => {
    const page = { path, text: textOf(path) }
    expect(quoteRegions(page, textOf)).toEqual({ text: page.text, problems: [] })
  })
})

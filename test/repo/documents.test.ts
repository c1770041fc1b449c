/** The documents that are kept by hand: that they have the parts which a reader counts on. */
import { describe, expect, it } from 'vitest'
import { files, textOf } from './repository.ts'

const decisions = files.filter((file) => /^docs\/decisions\/.*\.md$/.test(file))
const sections = ['Context', 'Choice', 'Rejected', 'What would change our mind']

describe('docs/decisions', () => {
  it.each(decisions)('%s has its four sections, in order', (file) => {
    const headings = [...textOf(file).matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
    expect(headings).toEqual(sections)
  })

  it.each(decisions)('%s has its number in name and title, and stays short', (file) => {
    const [, number] = /\/(\d{4})-[a-z0-9-]+\.md$/.exec(file) ?? []
    expect(textOf(file).split('\n')[0]).toMatch(new RegExp(`^# ${number ?? 'NNNN'}: \\S`))
    expect(textOf(file).split('\n').length).toBeLessThanOrEqual(80)
  })

  it('gives every number once', () => {
    const numbers = decisions.map((file) => file.split('/')[2]?.slice(0, 4))
    expect(new Set(numbers).size).toBe(numbers.length)
  })
})

describe('CHANGELOG.md', () => {
  it('has a place for what comes next', () => {
    expect(textOf('CHANGELOG.md')).toMatch(/^## \[?Unreleased\]?$/m)
  })

  it('uses the headings of Keep a Changelog only', () => {
    const kinds = [...textOf('CHANGELOG.md').matchAll(/^### (.+)$/gm)].map(([, kind]) => kind)
    const known = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security']
    expect(kinds.filter((kind) => !known.includes(kind ?? ''))).toEqual([])
  })
})

describe('CONTRIBUTING.md', () => {
  it('names every check step, and no other', () => {
    const table = textOf('CONTRIBUTING.md').split('## The check steps')[1]?.split('\n## ')[0] ?? ''
    const named = [...table.matchAll(/^\| `([a-z]+)`/gm)].map(([, name]) => name)
    const [, source = ''] =
      /const steps = \{([\s\S]*?)\n\}\n/.exec(textOf('scripts/check.mjs')) ?? []
    const steps = [...source.matchAll(/^ {2}([a-z]+):/gm)].map(([, name]) => name)
    expect(named).toEqual(steps)
  })
})

describe('README.md and CONTRIBUTING.md', () => {
  it.each(['README.md', 'CONTRIBUTING.md'])('%s names only targets of make that exist', (file) => {
    const named = [...textOf(file).matchAll(/(?:^|`)make ([a-z-]+)/gm)].map(([, name]) => name)
    const targets = [...textOf('Makefile').matchAll(/^([a-z-]+):/gm)].map(([, name]) => name)
    expect(named).not.toEqual([])
    expect(named.filter((name) => !targets.includes(name ?? ''))).toEqual([])
  })
})

describe('the documents', () => {
  const pages = files.filter((file) => /^(README|CONTRIBUTING|(docs|examples)\/.*)\.md$/.test(file))

  it('are all in the index', () => {
    const index = textOf('docs/README.md')
    const listed = files.filter((file) => /^docs\/(?!decisions\/|README).*\.md$/.test(file))
    expect(listed.filter((file) => !index.includes(`](${file.slice(5)})`))).toEqual([])
  })

  it('link only to files and headings that are there', () => {
    const broken = pages.flatMap((path) =>
      [...textOf(path).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].flatMap(([, link = '']) =>
        leads(path, link) ? [] : [`${path}: ${link}`],
      ),
    )
    expect(broken).toEqual([])
  })

  function leads(from: string, link: string): boolean {
    const [target = '', heading] = link.split('#')
    const url = new URL(target === '' ? from : target, `file:///${from}`)
    const path = target === '' ? from : url.pathname.slice(1)
    const isThere = files.some((file) => file === path || file.startsWith(`${path}/`))
    if (!isThere || heading === undefined) return isThere
    const headings = [...textOf(path).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => slug(text))
    return headings.includes(heading)
  }

  function slug(heading: string): string {
    return heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-')
  }
})

// The reference of the library, a page for each entry of the package, out of its types and docstrings. TypeDoc
// reads what the build wrote (`dist/*.d.ts`): to check the types of all of `src` once more takes five times as
// long. What has no docstring, or a type that nobody can import, is a problem, and is said.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Application, Converter, Logger, LogLevel, ReflectionKind } from 'typedoc'
import { MarkdownPageEvent, MarkdownTheme } from 'typedoc-plugin-markdown'
import ts from 'typescript'
import { declarationsOf } from './library-declarations.mjs'
import { commentOf, declaredIn, libraryPage } from './library-page.mjs'

const folder = 'docs/reference'

/** Steps of the types behind `chain`, the client and the stubs: their results are shown, they are not. */
const inner = [
  ...['AnyChain', 'ChainOf', 'Checked', 'Fold', 'InstanceOf', 'Linked', 'JobOfFirst', 'Named'],
  ...['PhaseClasses', 'PhaseOf', 'PhaseTyped', 'PipelineJobType', 'StubOf', 'Travels', 'catalogue'],
]

/**
 * @param {string} root of the repository
 * @returns {Promise<{ pages: Record<string, string>, problems: string[] }>} by path, and a line each
 */
export async function libraryReference(root) {
  return referenceOf(root, entriesOf(root))
}

/**
 * What `import` may name, as package.json lists it.
 *
 * @param {string} root
 * @returns {{ name: string, source: string, types: string, page: string }[]}
 */
export function entriesOf(root) {
  const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return Object.entries(exports).flatMap(([key, { types }]) => {
    if (types === undefined) return []
    const source = types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts')
    const page = `${['library', ...key.split('/').slice(1)].join('-')}.generated.md`
    return [
      { name: name + key.slice(1), source: join(root, source), types: join(root, types), page },
    ]
  })
}

/**
 * The exports of an entry in its own order, in the sections that its `// …` comments make.
 *
 * @param {string} source path of the entry
 * @returns {{ title: string, names: string[] }[]}
 */
export function sectionsOf(source) {
  const text = readFileSync(source, 'utf8')
  const file = ts.createSourceFile(source, text, ts.ScriptTarget.ES2023)
  const sections = [{ title: '', names: [] }]
  for (const statement of file.statements) {
    for (const { kind, pos, end } of ts.getLeadingCommentRanges(text, statement.pos) ?? []) {
      if (kind !== ts.SyntaxKind.SingleLineCommentTrivia) continue
      sections.push({
        title: text
          .slice(pos + 2, end)
          .trim()
          .replace(/\.$/, ''),
        names: [],
      })
    }
    const exported = statement.exportClause?.elements ?? []
    sections.at(-1).names.push(...exported.map(({ name }) => name.text))
  }
  return sections.filter(({ names }) => names.length > 0)
}

/**
 * As `libraryReference`, of any entries.
 *
 * @param {string} root has the package.json of what they export
 * @param {ReturnType<typeof entriesOf>} entries
 * @returns {Promise<{ pages: Record<string, string>, problems: string[] }>}
 */
export async function referenceOf(root, entries) {
  const app = await Application.bootstrapWithPlugins(
    {
      plugin: ['typedoc-plugin-markdown'],
      readme: 'none',
      router: 'module',
      disableGit: true,
      disableSources: true,
      excludePrivate: true,
      excludeInternal: true,
      excludeExternals: true,
      intentionallyNotExported: inner,
      sort: ['source-order'],
      logLevel: LogLevel.Warn,
    },
    [],
  )
  // Or TypeDoc would take the package of the folder in which it is called.
  app.options.packageDir = root
  const problems = []
  app.logger = new ProblemList(problems)
  const { project, symbols } = convert(app, entries)
  app.validate(project, { notExported: true, invalidLink: true })
  const parts = entries.map((entry) => {
    const module = project.children.find(({ name }) => name === entry.name)
    return { ...entry, module, sections: sectionsOf(entry.source) }
  })
  problems.push(...parts.flatMap(({ module }) => withoutWords(module, symbols)))
  const code = await declarationsOf(project, symbols)
  return { pages: await render(app, project, { parts, code }), problems }
}

/** One program of the declarations: no file of ours is compiled, and no configuration is looked for. */
function convert(app, entries) {
  const program = ts.createProgram(
    entries.map(({ types }) => types),
    {
      target: ts.ScriptTarget.ES2023,
      lib: ['lib.es2023.d.ts'],
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      strict: true,
      types: [],
    },
  )
  const symbols = new Map()
  app.converter.on(Converter.EVENT_RESOLVE_END, (context) => {
    for (const reflection of Object.values(context.project.reflections)) {
      symbols.set(reflection, context.getSymbolFromReflection(reflection))
    }
  })
  const project = app.converter.convert(
    // What two of them export is described by the first: not by the main one, which refers to the others.
    entries.toReversed().map(({ name, types }) => ({
      displayName: name,
      program,
      sourceFile: program.getSourceFile(types),
    })),
  )
  return { project, symbols }
}

class ProblemList extends Logger {
  #problems
  constructor(problems) {
    super()
    this.#problems = problems
  }

  log(message, level) {
    if (level >= LogLevel.Warn) this.#problems.push(`library: ${message}`)
  }
}

const described =
  ReflectionKind.ClassOrInterface |
  ReflectionKind.TypeAlias |
  ReflectionKind.Variable |
  ReflectionKind.FunctionOrMethod |
  ReflectionKind.Property |
  ReflectionKind.Constructor |
  ReflectionKind.Accessor

/** A base class says how it is made, if the class does not. */
function hasWords(reflection) {
  const isPlain = reflection.signatures?.every(({ parameters = [] }) => parameters.length === 0)
  if (reflection.kindOf(ReflectionKind.Constructor) && isPlain) return true
  return (commentOf(reflection)?.summary ?? []).length > 0
}

/** What has no docstring, of a module or a type: itself, and what it is made of. */
function withoutWords(parent, symbols) {
  return declaredIn(parent).flatMap((child) => {
    // A member of a mapped type is declared nowhere: its type speaks for it.
    const isWritten = symbols.get(child)?.declarations !== undefined
    const isSilent = child.kindOf(described) && isWritten && !hasWords(child)
    const silent = isSilent ? [`library: ${child.getFullName()} has no docstring`] : []
    return [...silent, ...withoutWords(child, symbols)]
  })
}

/** What the plugin writes is of no use: the pages are caught before, and the caller compares. */
async function render(app, project, { parts, code }) {
  const partOf = new Map(parts.map((part) => [part.module, part]))
  const pageOf = new Map(
    parts.flatMap(({ module, page }) => declaredIn(module).map(({ name }) => [name, page])),
  )
  class LibraryTheme extends MarkdownTheme {
    reflectionTemplate = (event) => {
      const part = partOf.get(event.model)
      if (part === undefined) return ''
      return libraryPage(this.getRenderContext(event), { ...part, pageOf, code })
    }
  }
  app.renderer.defineTheme('library', LibraryTheme)
  app.options.setValue('theme', 'library')

  const pages = {}
  app.renderer.on(MarkdownPageEvent.END, ({ model, contents }) => {
    const part = partOf.get(model)
    if (part !== undefined) pages[`${folder}/${part.page}`] = contents
  })
  const path = mkdtempSync(join(tmpdir(), 'carbontube-library-'))
  try {
    await app.outputs.writeOutput({ name: 'markdown', path }, project)
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
  return pages
}

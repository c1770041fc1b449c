// The text of a declaration as the reference shows it: what the compiler wrote into `dist/*.d.ts`, with the
// docstrings of the members, without what is private or internal, and in the format of our own code.
import { format } from 'prettier'
import { ReflectionKind } from 'typedoc'
import ts from 'typescript'
import { declaredIn } from './library-page.mjs'

const style = {
  parser: 'typescript',
  semi: false,
  singleQuote: true,
  printWidth: 90,
  objectWrap: 'collapse',
}

/**
 * @param {import('typedoc').ProjectReflection} project
 * @param {ReadonlyMap<object, ts.Symbol | undefined>} symbols of its reflections
 * @returns {Promise<Map<object, string>>} TypeScript by reflection: of exports, methods and constructors
 */
export async function declarationsOf(project, symbols) {
  const code = new Map()
  for (const module of project.children) {
    for (const exported of declaredIn(module)) {
      code.set(exported, await declarationOf(exported, symbols))
      if (!exported.kindOf(ReflectionKind.Class)) continue

      for (const method of declaredIn(exported).filter(hasOwnPart)) {
        const nodes = nodesOf(method, symbols).map((node) => node.getText())
        if (nodes.length > 0)
          code.set(
            method,
            dedent(await formatted(`declare abstract class _ {\n${nodes.join('\n')}\n}`)),
          )
      }
    }
  }
  return code
}

/** Whether a member of a class is shown below it, and not in it. */
export function hasOwnPart(member) {
  return member.kindOf(ReflectionKind.Method | ReflectionKind.Constructor)
}

async function declarationOf(exported, symbols) {
  const [node] = nodesOf(exported, symbols)
  if (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) {
    const members = declaredIn(exported).filter(
      (member) => !(exported.kindOf(ReflectionKind.Class) && hasOwnPart(member)),
    )
    const texts = members.flatMap((member) => nodesOf(member, symbols).map(withComment))
    return formatted(`${headOf(node, exported)} {\n${texts.join('\n')}\n}`)
  }
  if (ts.isVariableDeclaration(node)) return formatted(`declare const ${node.getText()}`)
  return formatted(node.getText())
}

/** `interface X<T> extends Y`; a base that nobody can import is not named: its members are among the others. */
function headOf(node, { extendedTypes = [] }) {
  const start =
    node.modifiers?.find(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword) ?? undefined
  const kind = ts.isInterfaceDeclaration(node) ? 'interface' : 'class'
  const parameters = node.typeParameters?.map((parameter) => parameter.getText()).join(', ')
  const bases = (node.heritageClauses ?? []).flatMap((clause) => {
    const named = clause.types.filter(({ expression }) => !isHidden(expression, extendedTypes))
    const word = clause.token === ts.SyntaxKind.ExtendsKeyword ? 'extends' : 'implements'
    return named.length === 0 ? [] : [`${word} ${named.map(baseName).join(', ')}`]
  })
  return [
    start === undefined ? kind : `abstract ${kind}`,
    `${node.name.text}${parameters === undefined ? '' : `<${parameters}>`}`,
    ...bases,
  ].join(' ')
}

/** Without the namespace of an `import * as`. */
function baseName(type) {
  return type.getText().replace(/^\w+\./, '')
}

function isHidden(expression, extendedTypes) {
  const base = extendedTypes.find(({ name }) => name === expression.getText())
  return base !== undefined && base.reflection === undefined && base.package !== 'typescript'
}

function nodesOf(reflection, symbols) {
  return symbols.get(reflection)?.declarations ?? []
}

/** With its docstring, which stands before it. */
function withComment(node) {
  return node.getFullText().trim()
}

async function formatted(text) {
  const bare = text.replace(/^export /, '')
  const code = await format(bare, style)
  return code
    .trimEnd()
    .replace(/^declare /, '')
    .replace(/ \{\}$/, '')
}

/** Out of the class that it was formatted in. */
function dedent(code) {
  return code
    .split('\n')
    .slice(1, -1)
    .map((line) => line.replace(/^ {2}/, ''))
    .join('\n')
}

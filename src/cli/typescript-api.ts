/**
 * The part of the TypeScript compiler interface that `type-check.ts` uses, written down here because
 * the compiler is the user's and not a dependency of this package. The same since TypeScript 5.0.
 */

export type CompilerOptions = Readonly<Record<string, unknown>>

export interface CompilerSource {
  /** Both 0-based. */
  getLineAndCharacterOfPosition(position: number): { line: number; character: number }
}

export interface CompilerDiagnostic {
  readonly category: number
  readonly code: number
  readonly file?: CompilerSource | undefined
  readonly start?: number | undefined
  /** A text, or a chain of them; see `flattenDiagnosticMessageText`. */
  readonly messageText: unknown
}

export interface CompilerProgram {
  getSourceFile(path: string): CompilerSource | undefined
  getSyntacticDiagnostics(source: CompilerSource): readonly CompilerDiagnostic[]
  getSemanticDiagnostics(source: CompilerSource): readonly CompilerDiagnostic[]
}

interface CompilerSystem {
  fileExists(path: string): boolean
  readFile(path: string): string | undefined
}

type Enum = Readonly<Record<string, number>>

/** What `import 'typescript'` gives. */
export interface TypeScript {
  readonly sys: CompilerSystem
  readonly DiagnosticCategory: { readonly Error: number }
  readonly ScriptTarget: Enum
  readonly ModuleKind: Enum
  readonly ModuleResolutionKind: Enum
  createProgram(files: readonly string[], options: CompilerOptions): CompilerProgram
  flattenDiagnosticMessageText(text: unknown, newLine: string): string
  findConfigFile(from: string, exists: (path: string) => boolean): string | undefined
  readConfigFile(path: string, read: (path: string) => string | undefined): { config?: unknown }
  parseJsonConfigFileContent(
    json: unknown,
    system: CompilerSystem,
    folder: string,
  ): { options: CompilerOptions }
}

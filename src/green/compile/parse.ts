import { transformSync } from '@swc/wasm-typescript'
import { type Options, Parser } from 'acorn'
import jsx from 'acorn-jsx'
import type { Node } from './nodes.ts'

/** What there is to compile: JavaScript, and how its positions map to the source. */
export interface Parsed {
  readonly code: string
  /** Where types were not simply blanked out. */
  readonly map: object | null
  readonly program: Node
  readonly comments: readonly Comment[]
}

export interface Comment {
  readonly text: string
  readonly start: number
  readonly end: number
}

const JsxParser = Parser.extend(jsx())

/** Parses; takes the types out first. Throws a `SyntaxError` that says where. */
export function parse(source: string, url: string, format: 'module' | 'commonjs', language: string): Parsed {
  const { code, map } = language.startsWith('ts') ? withoutTypes(source, url, format) : { code: source, map: null }
  const comments: Comment[] = []
  const options: Options = {
    ecmaVersion: 'latest',
    sourceType: format,
    allowAwaitOutsideFunction: format === 'module',
    allowHashBang: true,
    onComment: (_block, text, start, end) => comments.push({ text, start, end }),
  }
  const parser = language.endsWith('x') ? JsxParser : Parser
  try {
    return { code, map, program: parser.parse(code, options) as Node, comments }
  } catch (error) {
    if (error instanceof SyntaxError) error.message = `${url}: ${error.message}`
    throw error
  }
}

interface Stripped {
  readonly code: string
  readonly map: object | null
}

/** Blanks where types were, so that each position stays; enums, namespaces and the like need more, and a map. */
function withoutTypes(source: string, url: string, format: string): Stripped {
  try {
    return strip(source, url, format === 'module')
  } catch (error) {
    if (format === 'module' || (error as { code?: unknown }).code !== 'InvalidSyntax') throw syntaxError(error, url)
    // `import type` is fine in CommonJS, but not in what is parsed as a script. What else it may be, our parser will refuse.
    try {
      return strip(source, url, true)
    } catch {
      throw syntaxError(error, url)
    }
  }
}

function strip(source: string, filename: string, module: boolean): Stripped {
  const options = { module, filename, deprecatedTsModuleAsError: false }
  try {
    return { code: transformSync(source, { ...options, mode: 'strip-only' }).code, map: null }
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'UnsupportedSyntax') throw error
  }
  const transform = { verbatimModuleSyntax: true, nativeClassProperties: true, noEmptyExport: true }
  const { code, map } = transformSync(source, { ...options, mode: 'transform', sourceMap: true, transform })
  return { code, map: map === undefined ? null : (JSON.parse(map) as object) }
}

function syntaxError(error: unknown, url: string): SyntaxError {
  const { message, snippet } = error as { message?: string; snippet?: string }
  return new SyntaxError(`${url}: ${message ?? String(error)}${snippet === undefined ? '' : `\n${snippet}`}`, {
    cause: error,
  })
}

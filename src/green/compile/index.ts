/**
 * Compiles source so that plain calls may park. Text in, text and map out; knows no platform, and nothing of the engine.
 *
 *   parse.ts      types out, tree in                     analyze.ts   scopes, functions, what each of them uses
 *   sites.ts      which calls may park                   infer.ts     which functions may
 *   emit/         what is put into the text; emitter.ts has the theory of operation
 *   direct/       the other way, for ordinary functions; plan.ts has the theory of operation
 */
import remapping, { type EncodedSourceMap } from '@jridgewell/remapping'
import { noteAccesses } from './accessors.ts'
import { analyze, isStrict } from './analyze.ts'
import { Emitter } from './emit/emitter.ts'
import { emitModule } from './emit/module.ts'
import { visit } from './emit/visit.ts'
import { noteFields } from './fields.ts'
import { infer, mayPark } from './infer.ts'
import { Lines } from './lines.ts'
import { Names } from './names.ts'
import { parse } from './parse.ts'
import { noteRequires } from './requires.ts'

export interface CompileOptions {
  /** For messages and the map. */
  readonly url: string
  readonly format: 'module' | 'commonjs'
  readonly language: 'js' | 'jsx' | 'ts' | 'tsx'
  /** From where compiled code imports the runtime. */
  readonly runtime: string
  /** The program starts here: all of its top-level code may park. */
  readonly entry?: boolean
  /** CommonJS: it is run by a loader whose `require` may be called by the runtime, so that modules may park as they load. */
  readonly loads?: boolean
  /** No function is compiled the direct way, which is for ordinary ones: for tests, and to compare. */
  readonly onlyGenerators?: boolean
  /** Every call parks once: for tests. */
  readonly stress?: boolean
}

export interface Compiled {
  readonly code: string
  /** Source map, version 3. */
  readonly map: object
  /** False: `code` is the source as it was, types apart. */
  readonly changed: boolean
  readonly functions: readonly FunctionVerdict[]
}

/** What became of one function. */
export interface FunctionVerdict {
  readonly name: string
  /** From 1. */
  readonly line: number
  /** From 0. */
  readonly column: number
  readonly parks: boolean
  /** The call that makes it so. */
  readonly why: string | null
  readonly way: 'untouched' | 'A' | 'B'
}

/** Part of every cache key. */
export const COMPILER_VERSION = '2'

/** Compiles one file. Throws a `SyntaxError` for what is none. */
export function compile(source: string, options: CompileOptions): Compiled {
  const { url, format, language, runtime, stress = false, onlyGenerators = false } = options
  const loads = format === 'commonjs' && (options.loads ?? false)
  const parsed = parse(source, url, format, language)
  const strict = format === 'module' || isStrict(parsed.program['body'])
  const analysis = analyze(parsed.program, strict)
  if (loads) noteRequires(analysis)
  noteAccesses(analysis)
  noteFields(analysis)
  infer(analysis, parsed.comments, parsed.code, stress)
  const emitting = { stress, strict, loads, onlyGenerators }
  const emitter = new Emitter(parsed.code, analysis, new Names(analysis.identifiers), emitting, visit)
  emitModule(emitter, parsed.program, { url, format, runtime, entry: options.entry ?? false })
  const changed = emitter.text.hasChanged()
  const own = emitter.text.generateMap({ source: url, includeContent: true, hires: 'boundary' })
  const map =
    parsed.map === null
      ? own
      : remapping(own as unknown as EncodedSourceMap, (_, { depth }) =>
          depth === 1 ? (parsed.map as EncodedSourceMap) : null,
        )
  const lines = new Lines(parsed.code)
  const functions = analysis.functions.map((fn): FunctionVerdict => {
    const compiled = (fn.parks && fn.obstacle === null) || mayPark(fn)
    const way = !compiled ? 'untouched' : emitter.indirect.get(fn) === null ? 'B' : 'A'
    const { line, column } = lines.of(fn.node.start)
    return { name: fn.name, line, column, parks: fn.parks, why: fn.why, way }
  })
  return { code: emitter.text.toString(), map, changed, functions }
}

/**
 * Compiles source so that plain calls may park. Text in, text and map out; knows no platform, and nothing of the engine.
 *
 *   parse.ts      types out, tree in                     analyze.ts   scopes, functions, what each of them uses
 *   sites.ts      which calls may park                   infer.ts     which functions may
 *   summary.ts    what that hangs on in other modules    values.ts, exports.ts   what it exports
 *   emit/         what is put into the text; emitter.ts has the theory of operation
 *   direct/       the other way, for ordinary functions; plan.ts has the theory of operation
 */
import remapping, { type EncodedSourceMap } from '@jridgewell/remapping'
import { SourceMap } from 'magic-string'
import { accessesOf, ownAccessors } from './accessors.ts'
import { type Analysis, analyze, type ForeignVerdict, isStrict } from './analyze.ts'
import { Emitter } from './emit/emitter.ts'
import { emitModule } from './emit/module.ts'
import { visit } from './emit/visit.ts'
import { noteFields } from './fields.ts'
import { hear, infer } from './infer.ts'
import { Lines } from './lines.ts'
import { Names } from './names.ts'
import { type Parsed, parse } from './parse.ts'
import { mapPlaces } from './place-map.ts'
import { noteRequires } from './requires.ts'
import type { Foreign } from './scope.ts'
import { type Summary, summarize } from './summary.ts'

export type { ForeignVerdict } from './analyze.ts'
export type { Foreign } from './scope.ts'
export { keyOf } from './sites.ts'
export type { Call, FunctionSummary, Handed, Summary } from './summary.ts'
export type { Value } from './values.ts'

/** What a source is. */
export interface SourceOptions {
  /** For messages and the map. */
  readonly url: string
  readonly format: 'module' | 'commonjs'
  readonly language: 'js' | 'jsx' | 'ts' | 'tsx'
}

/** What is to become of it. */
export interface OutputOptions {
  /** From where compiled code imports the runtime. */
  readonly runtime: string
  /** The program starts here: all of its top-level code may park. */
  readonly entry?: boolean
  /** CommonJS: it is run by a loader whose `require` may be called by the runtime, so that modules may park as they load. */
  readonly loads?: boolean
  /** No function is compiled the direct way, which is for ordinary ones: for tests, and to compare. */
  readonly onlyGenerators?: boolean
  /** What runs it knows `using`: where nothing parks it stays what it is. Otherwise it is lowered everywhere. */
  readonly nativeUsing?: boolean
  /** Every call parks once: for tests. */
  readonly stress?: boolean
}

export type CompileOptions = SourceOptions & OutputOptions

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
export const COMPILER_VERSION = '6'

/** Where a function reaches an accessor. */
export interface Access {
  readonly fn: number
  readonly name: string
  readonly line: number
}

/** What is known of other modules. */
export interface Others {
  /** Of their values; null, or none: nothing. */
  readonly foreign?: (value: Foreign) => ForeignVerdict | null
  /** The names of their accessors that are known to block. */
  readonly accessors?: ReadonlySet<string>
}

/** A source that has been read. */
export interface Opened {
  /** What others need to know of it. */
  summary(): Summary
  /** Which functions, by number, reach accessors of one of these names, and where: by the number of the line, from 1. */
  accesses(names: ReadonlySet<string>): readonly Access[]
  /** Once. */
  compile(options: OutputOptions, others?: Others): Compiled
}

/** Compiles one file of which nothing else is known. Throws a `SyntaxError` for what is none. */
export function compile(source: string, options: CompileOptions): Compiled {
  return open(source, options).compile(options)
}

/** Reads one file. Throws a `SyntaxError` for what is none. */
export function open(source: string, { url, format, language }: SourceOptions): Opened {
  const parsed = parse(source, url, format, language)
  const analysis = analyze(parsed.program, isStrictly(format, parsed))
  if (format === 'commonjs') noteRequires(analysis)
  analysis.reads.push(...accessesOf(analysis, ownAccessors(analysis)))
  noteFields(analysis)
  hear(analysis.functions, parsed.comments, parsed.code)
  return {
    summary: () => summarize(parsed.program, analysis, new Lines(parsed.code), format === 'module'),
    accesses: (names) => {
      const lines = new Lines(parsed.code)
      const numbers = new Map(analysis.functions.map((fn, number) => [fn, number]))
      return accessesOf(analysis, names)
        .filter(({ name }) => names.has(name))
        .map(({ name, fn, node }) => ({ fn: numbers.get(fn) as number, name, line: lines.of(node.start).line }))
    },
    compile: (options, others = {}) => emit(parsed, analysis, others, { url, format, language, ...options }),
  }
}

function isStrictly(format: string, { program }: Parsed): boolean {
  return format === 'module' || isStrict(program['body'])
}

function emit(
  parsed: Parsed,
  analysis: Analysis,
  { foreign = () => null, accessors = new Set() }: Others,
  { url, format, runtime, ...options }: CompileOptions,
): Compiled {
  const { stress = false, entry = false, onlyGenerators = false, nativeUsing = false, loads = false } = options
  const own = ownAccessors(analysis)
  analysis.reads.push(...accessesOf(analysis, new Set([...accessors].filter((name) => !own.has(name)))))
  for (const name of accessors) analysis.parkingGetters.add(name)
  infer(analysis, foreign, stress)
  const strict = isStrictly(format, parsed)
  const emitting = { stress, strict, loads: loads && format === 'commonjs', onlyGenerators, nativeUsing }
  const emitter = new Emitter(parsed.code, analysis, new Names(analysis.identifiers), emitting, visit)
  emitModule(emitter, parsed.program, { url, format, runtime, entry })
  const changed = emitter.text.hasChanged()
  const code = emitter.text.toString()
  const lines = new Lines(parsed.code)
  const decoded = emitter.text.generateDecodedMap({ source: url, includeContent: true, hires: 'boundary' })
  mapPlaces(decoded.mappings, code, emitter.names, emitter.places, lines)
  const made = new SourceMap(decoded)
  const map =
    parsed.map === null
      ? made
      : remapping(made as unknown as EncodedSourceMap, (_, { depth }) =>
          depth === 1 ? (parsed.map as EncodedSourceMap) : null,
        )
  const functions = analysis.functions.map((fn): FunctionVerdict => {
    const compiled = fn.parks && fn.obstacle === null
    const way = !compiled ? 'untouched' : emitter.indirect.get(fn) === null ? 'B' : 'A'
    const { line, column } = lines.of(fn.node.start)
    return { name: fn.name, line, column, parks: fn.parks, why: fn.why, way }
  })
  return { code, map, changed, functions }
}

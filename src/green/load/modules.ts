import { readFileSync } from 'node:fs'
import type { Access, Compiled, CompileOptions, Opened, SourceOptions, Summary } from '../compile/index.ts'
import { type Cache, hashOf } from './cache.ts'
import type { Compiler } from './compiler.ts'
import { type Format, formatOf, type Language, languageOf } from './format.ts'
import { Graph } from './graph.ts'
import { locate } from './locate.ts'
import { pathOf } from './selection.ts'

/** So much source text may be held as trees. */
const HELD = 1_000_000

interface Known {
  /** Names the text that it was made from. */
  readonly key: string
  /** Null: the text was not understood, or cannot be read. */
  readonly summary: Summary | null
  /** The text, which need not be that of the file: a bundler may have changed it. */
  readonly source: string
  readonly options: SourceOptions | null
}

/** The modules of a program: what is known of each, read from its file when another module asks. */
export class Modules {
  readonly graph: Graph
  private readonly compiler: () => Compiler
  private readonly cache: Cache
  private readonly identity: string
  private readonly known = new Map<string, Known>()
  /** Modules that were read for the sake of others, the oldest first. Most are loaded soon. */
  private readonly opened = new Map<string, { readonly source: string; readonly opened: Opened }>()
  /** The length of these. */
  private held = 0

  constructor(
    compiler: () => Compiler,
    selects: (url: string) => boolean,
    { cache, identity }: { readonly cache: Cache; readonly identity: string },
  ) {
    this.compiler = compiler
    this.cache = cache
    this.identity = identity
    const located = new Map<string, ReturnType<typeof locate>>()
    this.graph = new Graph({
      summaryOf: (url) => this.summaryOf(url),
      locate: (specifier, from, required) => {
        const key = `${required} ${specifier} ${/^[./]/.test(specifier) || required ? from : ''}`
        const known = located.get(key)
        if (known !== undefined) return known
        const found = locate(specifier, from, required, selects)
        located.set(key, found)
        return found
      },
      accessesIn: (url, names) => this.accessesIn(url, names),
    })
  }

  /** The summary of a module that is about to be compiled. Others that come later are judged by that. */
  meet(source: string, url: string, format: Format, language: Language = languageOf(url)): Summary | null {
    const key = hashOf(this.identity, 'summary', format, language, source)
    const known = this.known.get(url)
    if (known?.key === key) return known.summary
    const options = { url, format, language }
    const summary = this.summarize(key, source, options)
    this.known.set(url, { key, summary, source, options })
    return summary
  }

  /** Compiles a module. Throws a `SyntaxError` for what is none. */
  compile(source: string, options: CompileOptions): Compiled {
    const { url } = options
    const kept = this.opened.get(url)
    if (kept !== undefined) this.drop(url, kept.source)
    const opened = kept?.source === source ? kept.opened : this.compiler().open(source, options)
    const accessors = this.graph.accessorsBehind(url)
    // Where every call parks, nothing hangs on what the functions of others do.
    if (options.stress) return opened.compile(options, { accessors })
    return opened.compile(options, { foreign: (value) => this.graph.verdict(value, url), accessors })
  }

  /** What the verdicts in a module hang on, as a part of the key of what it is compiled to. */
  assumed(summary: Summary | null, url: string): string {
    const verdicts = (summary?.foreign ?? []).map((value) => this.graph.verdict(value, url))
    const accessors = [...this.graph.accessorsBehind(url)].sort()
    return `${verdicts.map(({ parks, blocks }) => (blocks ? 'b' : parks ? 'p' : '-')).join('')} ${accessors.join(' ')}`
  }

  summaryOf(url: string): Summary | null {
    const known = this.known.get(url)
    if (known !== undefined) return known.summary
    let source: string
    try {
      source = readFileSync(pathOf(url), 'utf8')
    } catch {
      // Whoever loads it will be told.
      this.known.set(url, { key: '', summary: null, source: '', options: null })
      return null
    }
    return this.meet(source, url, formatOf(url, undefined, source))
  }

  private accessesIn(url: string, names: ReadonlySet<string>): readonly Access[] {
    const kept = this.opened.get(url)
    if (kept !== undefined) return kept.opened.accesses(names)
    const { source, options } = this.known.get(url) as Known
    return this.read(source, options as SourceOptions).accesses(names)
  }

  /** Reads a module for the sake of others. */
  private read(source: string, options: SourceOptions): Opened {
    const opened = this.compiler().open(source, options)
    this.keep(options.url, source, opened)
    return opened
  }

  /** Trees take a hundred times the room of their sources. What goes is parsed again when it is loaded. */
  private keep(url: string, source: string, opened: Opened): void {
    const former = this.opened.get(url)
    if (former !== undefined) this.drop(url, former.source)
    this.opened.set(url, { source, opened })
    this.held += source.length
    for (const [oldest, { source }] of this.opened) {
      if (this.held <= HELD) return
      this.drop(oldest, source)
    }
  }

  private drop(url: string, source: string): void {
    this.opened.delete(url)
    this.held -= source.length
  }

  private summarize(key: string, source: string, options: SourceOptions): Summary | null {
    const kept = this.cache.read(key)
    if (kept !== null) return JSON.parse(kept) as Summary
    try {
      const summary = this.read(source, options).summary()
      this.cache.write(key, JSON.stringify(summary))
      return summary
    } catch (error) {
      if (error instanceof SyntaxError) return null
      throw error
    }
  }
}

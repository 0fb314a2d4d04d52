import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { Compiled, FunctionVerdict } from '../compile/index.ts'
import { noCache } from './cache.ts'
import { loadCompiler } from './compiler.ts'
import { formatOf, type Language, languageOf } from './format.ts'
import type { Step } from './graph.ts'
import { Modules } from './modules.ts'
import { ownSubpath } from './own-package.ts'
import { createSelection } from './selection.ts'
import type { LoadSettings } from './settings.ts'
import { asFound } from './translator.ts'

/** What became of a function, and why. */
export interface CheckedFunction extends FunctionVerdict {
  /** The calls that lead from it to what may park, over files; empty: it never parks. */
  readonly chain: readonly Step[]
}

/** A function that is handed to `atomic`, in which nothing may park. */
export interface CheckedAtomic {
  /** The function, in words. */
  readonly what: string
  /** From 1. */
  readonly line: number
  /** From 0. */
  readonly column: number
  /** Of each call in it that may park, how. */
  readonly chains: readonly (readonly Step[])[]
}

export interface CheckedModule {
  readonly url: string
  readonly functions: readonly CheckedFunction[]
  readonly atomics: readonly CheckedAtomic[]
}

/** Modules that are not about to be run here: for reports, and for bundlers. What it has read once, it does not read again. */
export class Project {
  private readonly settings: LoadSettings
  private readonly modules: Modules

  constructor(settings: LoadSettings) {
    this.settings = settings
    this.modules = new Modules(() => loadCompiler(settings), createSelection(settings), {
      cache: noCache,
      identity: '',
    })
  }

  /** The modules on which the verdicts in a module hang. */
  modulesBehind(url: string): string[] {
    return this.modules.graph.modulesBehind(url)
  }

  /** `language`: what the source is written in now, if that is not what its file is. */
  compile(source: string, url: string, language: Language = languageOf(url)): Compiled {
    const { stress } = this.settings
    const format = formatOf(url, undefined, source)
    const options = { url, format, language, runtime: 'fibril/green/runtime', stress }
    try {
      this.modules.meet(source, url, format, language)
      return this.modules.compile(source, options)
    } catch (error) {
      throw error instanceof SyntaxError ? asFound(error, url) : error
    }
  }

  /** Says of each function in a file whether it may park, and why. Throws what reading it throws. */
  check(path: string): CheckedModule {
    const url = pathToFileURL(path).href
    const { graph } = this.modules
    const compiled = this.compile(readFileSync(path, 'utf8'), url)
    const summary = this.modules.summaryOf(url)
    const functions = compiled.functions.map((verdict, number): CheckedFunction => {
      const chain = verdict.parks ? (graph.reason(url, number) ?? []) : []
      return { ...verdict, why: chain[0]?.what ?? verdict.why, chain }
    })
    const atomics = (summary?.handed ?? []).flatMap(({ to, value, ...at }): CheckedAtomic[] => {
      if (ownSubpath(to.from) !== './green' || to.path.at(-1) !== 'atomic') return []
      return [{ ...at, chains: graph.reasons(value, { ...at, url }) }]
    })
    return { url, functions, atomics }
  }
}

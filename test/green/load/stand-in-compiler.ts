/**
 * In place of the compiler where a test is about loading: takes the simplest types out, replaces the word COMPILED by true,
 * and moves everything down a line, so that a stack is right only if the source map is used. Tells each call when asked to.
 */
import { writeSync } from 'node:fs'

interface Options {
  readonly url: string
  readonly format: string
  readonly language: string
  readonly entry?: boolean
}

export const COMPILER_VERSION = 'stand-in'

/** It knows nothing of other modules. */
export function open(source: string, at: Options) {
  const summary = { functions: [], exports: {}, stars: [], root: null, foreign: [], handed: [] }
  return { summary: () => summary, compile: (options: Options) => compile(source, { ...at, ...options }) }
}

export function compile(source: string, { url, format, language, entry }: Options) {
  if (process.env['TELL_COMPILES'])
    writeSync(2, `compiles ${url.slice(url.lastIndexOf('/') + 1)} as ${entry ? 'entry ' : ''}${format} ${language}\n`)
  const plain = language.startsWith('ts') ? source.replace(/: (?:number|string)\b/g, '') : source
  const lines = source.split('\n')
  const mappings = `;AAAA${';AACA'.repeat(lines.length - 1)}`
  return {
    code: `\n${plain.replaceAll('COMPILED', 'true')}`,
    map: { version: 3, sources: [url], sourcesContent: [source], names: [], mappings },
    changed: true,
    functions: lines.flatMap((text, i) => {
      const name = /function (\w+)/.exec(text)?.[1]
      if (name === undefined) return []
      const parks = name.startsWith('park')
      return [{ name, line: i + 1, column: 1, parks, why: parks ? 'sleep()' : null, way: parks ? 'A' : 'untouched' }]
    }),
  }
}

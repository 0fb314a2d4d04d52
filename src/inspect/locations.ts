/**
 * Where a parked frame waits, to the line, and what names are in scope there. Nothing is recorded for it while a program
 * runs: the inspector knows. One frame costs about 0.1 ms, and the first 20 ms, which is why there is a limit.
 */
import type { Debugger, Runtime } from 'node:inspector'
import { findSourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Frame } from '../core/index.ts'
import { PlatformInspector } from './platform-inspector.ts'

/** What is asked of a frame. */
export type Standing = Pick<Frame, 'standing' | 'passed'>

/** Where a frame waits, or at least where its function is. */
export interface Place {
  readonly at: string | null
  readonly definedAt: string | null
  /** Names of the variables of its function, the innermost block first. */
  readonly locals: readonly string[] | null
}

export const nowhere: Place = Object.freeze({ at: null, definedAt: null, locals: null })

export class Locations implements Disposable {
  private readonly scripts = new Map<string, string>()
  /** By the location. Names in scope are the same wherever a generator stands at one: they are looked up once. */
  private readonly places = new Map<string, Place>()
  private inspector: PlatformInspector | null = null
  private tried = false
  private left: number

  /** `limit`: how many frames may be looked up. */
  constructor(limit: number) {
    this.left = limit
  }

  /** The place of each of these frames, `file:line:column` as the source has it. */
  of(frames: readonly Standing[]): Place[] {
    const places: Place[] = frames.map(() => nowhere)
    const asked = frames.flatMap(({ standing }, i) => (hasPlace(standing) ? [i] : [])).slice(0, this.left)
    if (asked.length === 0) return places
    this.left -= asked.length
    const inspector = this.open()
    if (inspector === null) return places
    try {
      const things = asked.map((i) => frames[i]?.standing)
      inspector.show(things, (listId) => {
        for (const { name, value } of inspector.properties(listId).result) {
          const index = asked[Number(name)]
          if (index !== undefined && value?.objectId !== undefined)
            places[index] = this.placeOf(inspector, value.objectId, frames[index]?.passed ?? null)
        }
      })
    } catch {
      this.left = 0
    }
    return places
  }

  private placeOf(inspector: PlatformInspector, objectId: string, passed: string | null): Place {
    const internal = inspector.properties(objectId).internalProperties ?? []
    const named = (wanted: string): Runtime.RemoteObject | undefined =>
      internal.find(({ name }) => name === wanted)?.value
    const generator = named('[[GeneratorLocation]]')?.value as Debugger.Location | undefined
    if (generator !== undefined) {
      return this.known('at', generator, (at) => {
        return { at, definedAt: null, locals: localsIn(inspector, named('[[Scopes]]')?.objectId) }
      })
    }
    const source = named('[[FunctionLocation]]')?.value as Debugger.Location | undefined
    if (source === undefined) return nowhere
    return passed === null
      ? this.known('in', source, (definedAt) => ({ at: null, definedAt, locals: null }))
      : this.known('behind', behind(source, passed), (at) => ({ at, definedAt: null, locals: null }))
  }

  /** The place at a location, made of its text when it is asked for the first time. */
  private known(kind: string, location: Debugger.Location, made: (text: string | null) => Place): Place {
    const { scriptId, lineNumber, columnNumber = 0 } = location
    const key = `${kind} ${scriptId}:${lineNumber}:${columnNumber}`
    let place = this.places.get(key)
    if (place === undefined) {
      place = made(sourcePlace(this.scripts.get(scriptId) ?? '', lineNumber, columnNumber))
      this.places.set(key, place)
    }
    return place
  }

  private open(): PlatformInspector | null {
    if (this.tried) return this.inspector
    this.tried = true
    this.inspector = PlatformInspector.open()
    try {
      this.inspector?.watchScripts((id, url) => this.scripts.set(id, url))
    } catch {
      this[Symbol.dispose]()
    }
    return this.inspector
  }

  [Symbol.dispose](): void {
    this.inspector?.[Symbol.dispose]()
    this.inspector = null
  }
}

/** The location that is behind `text`, which begins at `start`. */
function behind(start: Debugger.Location, text: string): Debugger.Location {
  const lines = text.split(lineEnd)
  const first = lines.length === 1 ? (start.columnNumber ?? 0) : 0
  return {
    scriptId: start.scriptId,
    lineNumber: start.lineNumber + lines.length - 1,
    columnNumber: first + (lines.at(-1) as string).length,
  }
}

const lineEnd = /\r\n|[\n\r\u2028\u2029]/

function hasPlace(thing: unknown): boolean {
  return typeof thing === 'function' || Object.prototype.toString.call(thing) === '[object Generator]'
}

/** Names only: what they hold is nobody's business but the program's. */
function localsIn(inspector: PlatformInspector, scopesId: string | undefined): string[] | null {
  if (scopesId === undefined) return null
  const names = new Set<string>()
  for (const { value } of inspector.properties(scopesId).result) {
    // Those around the function hold what the whole module has.
    if (value?.objectId === undefined || !/^(Local|Block|Catch|With)/.test(value.description ?? '')) continue
    for (const { name } of inspector.properties(value.objectId).result) names.add(name)
  }
  return withoutMade([...names])
}

/**
 * Without what the compiler of green code has added. Its names have a prefix that none of the source has, `$` or more of it, by
 * which it is known: where it adds something it adds its depth, what was called, or a number.
 */
function withoutMade(names: string[]): string[] {
  const prefixes = names.flatMap((name) => /^(\$+)(?:d|k|\d+)$/.exec(name)?.[1] ?? [])
  if (prefixes.length === 0) return names
  const prefix = prefixes.reduce((longest, other) => (other.length > longest.length ? other : longest))
  const numbered = new RegExp(`${prefix.replaceAll('$', '\\$')}\\d+$`)
  return names.filter((name) => !name.startsWith(prefix) && !numbered.test(name))
}

function sourcePlace(url: string, line: number, column: number): string | null {
  if (url === '') return null
  const entry = findSourceMap(url)?.findEntry(line, column)
  if (entry !== undefined && 'originalSource' in entry)
    return `${pathOf(entry.originalSource)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
  return `${pathOf(url)}:${line + 1}:${column + 1}`
}

function pathOf(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url
}

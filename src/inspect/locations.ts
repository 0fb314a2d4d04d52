/**
 * Where a parked frame waits, to the line. Nothing is recorded for it while a program runs: the engine of the platform
 * knows where each generator stands, and each function, and tells an inspector session within this process. One frame costs about 0.1 ms, and
 * the first 20 ms, which is why there is a limit. Where there is no inspector (Bun, Deno, a permission that is missing) no place is known.
 */
import type { Debugger, InspectorNotification, Runtime, Session } from 'node:inspector'
import { findSourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Frame } from '../core/index.ts'

// Put where an expression of the inspector can find it, for the length of one question.
const DESK = Symbol.for('fibril.inspect.desk')

/** What is asked of a frame. */
export type Standing = Pick<Frame, 'standing' | 'passed'>

/** Where a frame waits, or at least where its function is. */
export interface Place {
  readonly at: string | null
  readonly definedAt: string | null
}

export const nowhere: Place = Object.freeze({ at: null, definedAt: null })

export class Locations implements Disposable {
  private readonly scripts = new Map<string, string>()
  private readonly places = new Map<string, string | null>()
  private session: Session | null = null
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
    const session = this.open()
    if (session === null) return places
    const desk = globalThis as unknown as Record<symbol, unknown>
    desk[DESK] = asked.map((i) => frames[i]?.standing)
    try {
      const expression = `globalThis[Symbol.for('${DESK.description}')]`
      const { result } = ask<Runtime.EvaluateReturnType>(session, 'Runtime.evaluate', { expression, objectGroup })
      for (const { name, value } of propertiesOf(session, result.objectId).result) {
        const index = asked[Number(name)]
        if (index !== undefined) places[index] = this.placeOf(session, value?.objectId, frames[index]?.passed ?? null)
      }
      ask(session, 'Runtime.releaseObjectGroup', { objectGroup })
    } catch {
      this.left = 0
    } finally {
      delete desk[DESK]
    }
    return places
  }

  private placeOf(session: Session, objectId: string | undefined, passed: string | null): Place {
    const internal = propertiesOf(session, objectId).internalProperties ?? []
    const named = (wanted: string): Debugger.Location | undefined =>
      internal.find(({ name }) => name === wanted)?.value?.value as Debugger.Location | undefined
    const generator = named('[[GeneratorLocation]]')
    if (generator !== undefined) return { at: this.textOf(generator), definedAt: null }
    const source = named('[[FunctionLocation]]')
    if (source === undefined) return nowhere
    if (passed === null) return { at: null, definedAt: this.textOf(source) }
    return { at: this.textOf(behind(source, passed)), definedAt: null }
  }

  private textOf(location: Debugger.Location): string | null {
    const { scriptId, lineNumber, columnNumber = 0 } = location
    const key = `${scriptId}:${lineNumber}:${columnNumber}`
    let place = this.places.get(key)
    if (place === undefined) {
      place = sourcePlace(this.scripts.get(scriptId) ?? '', lineNumber, columnNumber)
      this.places.set(key, place)
    }
    return place
  }

  private open(): Session | null {
    if (this.tried) return this.session
    this.tried = true
    try {
      const { Session } = process.getBuiltinModule('node:inspector') as typeof import('node:inspector')
      const session = new Session()
      session.connect()
      session.on(
        'Debugger.scriptParsed',
        ({ params }: InspectorNotification<Debugger.ScriptParsedEventDataType>) =>
          void this.scripts.set(params.scriptId, params.url),
      )
      this.session = session
      ask(session, 'Debugger.enable', {})
    } catch {
      this[Symbol.dispose]()
    }
    return this.session
  }

  [Symbol.dispose](): void {
    this.session?.disconnect()
    this.session = null
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
const objectGroup = 'fibril.inspect'

function hasPlace(thing: unknown): boolean {
  return typeof thing === 'function' || Object.prototype.toString.call(thing) === '[object Generator]'
}

/** Asks at once: within one process the answer comes before `post` returns. */
function ask<R>(session: Session, method: string, params: object): R {
  let answer: R | undefined
  session.post(method, params, (error: Error | null, result?: object) => {
    if (error === null) answer = result as R
  })
  if (answer === undefined) throw new Error(`the inspector did not answer ${method}`)
  return answer
}

function propertiesOf(session: Session, objectId: string | undefined): Runtime.GetPropertiesReturnType {
  return ask(session, 'Runtime.getProperties', { objectId, ownProperties: true })
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

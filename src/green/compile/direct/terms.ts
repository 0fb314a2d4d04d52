import type { Emitter } from '../emit/emitter.ts'
import type { Node } from '../nodes.ts'
import type { FnKind } from '../scope.ts'
import type { Plan } from './plan.ts'
import type { Variable } from './variables.ts'

/** How the prologue's variables are called. */
export interface Locals {
  readonly place: string
  readonly value: string
  readonly frame: string
  readonly saved: string
  readonly left: string
}

/** What a frame is told of an activation that may have been made by `new`. */
const targets: Partial<Record<FnKind, string>> = {
  declaration: ',new.target',
  expression: ',new.target',
  constructor: ',1',
}

/** What terms are made of. See plan.ts. */
export class Terms {
  readonly emitter: Emitter
  readonly plan: Plan
  readonly locals: Locals
  /** Stands before the next term: nothing, or `||`. */
  protected joint = ''
  /** How many temporaries frames keep, at most. */
  temporaries = 0

  constructor(emitter: Emitter, plan: Plan) {
    this.emitter = emitter
    this.plan = plan
    const { names } = emitter
    this.locals = {
      place: names.of('p'),
      value: names.of('w'),
      frame: names.of('r'),
      saved: names.of('q'),
      left: names.of('x'),
    }
  }

  has(node: Node | null): boolean {
    return node !== null && this.plan.ranges.has(node)
  }

  range(node: Node): readonly [number, number] {
    return this.plan.ranges.get(node) as readonly [number, number]
  }

  /** How a site whose value goes to `result` begins when it is the one that is resumed; a condition's two branches. */
  protected resume(site: Node | number, result: string | null): string {
    const { place, value } = this.locals
    const number = typeof site === 'number' ? site : (this.plan.places.get(site) as number)
    const resumed = `${this.emitter.use('resumedValue', 'v')}(${value})`
    return `${place}?${place}===${number}&&(${place}=0,${result === null ? '' : `${result}=`}${resumed},!1):`
  }

  /** The term for the very start of a function, where every call parks once. */
  startTerm(number: number): string {
    const { emitter } = this
    const parks = `${emitter.use('stress', 'stress')}(${emitter.names.of('d')})`
    return `(${this.resume(number, null)}${parks}&&${this.leave(number, this.keptEarly())})`
  }

  protected keptEarly(): string[] {
    const kept: string[] = []
    for (const { name, slot } of this.plan.variables.early) kept[slot] = name
    return kept
  }

  /** After a call: true if it has parked, with a frame made. */
  protected parked(site: Node, place = this.plan.places.get(site) as number, also: Variable | null = null): string {
    const { emitter, plan } = this
    const kept: string[] = []
    for (const { name, slot } of plan.variables.keptAt(site, emitter.scopeAt(site))) kept[slot] = name
    if (also !== null) kept[also.slot] = also.name
    const first = plan.variables.all.length
    for (let n = 1; n <= emitter.activation.used; n++) kept[first + n - 1] = emitter.names.of(String(n))
    this.temporaries = Math.max(this.temporaries, emitter.activation.used)
    return `${emitter.hasParked}&&${this.leave(place, kept)}`
  }

  protected leave(place: number, kept: readonly string[]): string {
    const { emitter, plan } = this
    const { fn } = plan
    const { frame, saved } = this.locals
    // Lists without holes are all of one kind to V8.
    const list = Array.from(kept, (name) => name ?? '0').join(',')
    // One that has a frame already writes into that: it is an old object soon, and a list made anew would be a young one in it.
    const again = kept
      .flatMap((name, slot) => (name && !plan.variables.all[slot]?.lasting ? [`${saved}[${slot}]=${name},`] : []))
      .join('')
    const target = targets[fn.kind] ?? ''
    const self = fn.kind !== 'arrow' && (fn.usesThis || target !== '') ? `,this${target}` : ''
    const first = `${emitter.use('leave', 'leave')}(${emitter.names.of('d')},${place},[${list}]${self})`
    return `(${frame}===null?${first}:(${again}${frame}.place=${place}),!0)`
  }

  /** A term that evaluates something, and is false. */
  protected quiet(position: number, text: string): void {
    this.emitter.before(position, `${this.takeJoint()}!${this.locals.place}&&(${text}`)
  }

  protected takeJoint(): string {
    const { joint } = this
    this.joint = '||'
    return joint
  }

  /** The term for a call of the runtime's. */
  protected runtimeTerm(
    site: Node,
    place: number,
    name: string,
    args: string,
    result: string | null,
    condition = '',
    also: Variable | null = null,
  ): string {
    const { emitter } = this
    const callee = emitter.use(name, name)
    const call = `${emitter.announce(callee)},${result === null ? '' : `${result}=`}${callee}(${args})`
    return `(${this.resume(place, result)}${condition}(${call},${this.parked(site, place, also)}))`
  }

  get PARK(): string {
    return this.emitter.use('PARK', 'P')
  }

  /** Takes text out of its place that evaluates nothing. */
  protected skeleton(start: number, end: number): string {
    if (start >= end) return ''
    const text = this.emitter.code.slice(start, end)
    this.erase(start, end)
    return withoutComments(text)
  }

  erase(start: number, end: number): void {
    if (start < end) this.emitter.replace(start, end, '')
  }

  verbatim(node: Node): string {
    const text = this.emitter.code.slice(node.start, node.end)
    this.erase(node.start, node.end)
    return text
  }
}

/** Text on one line. Strings in it, such as the defaults of patterns, stay as they are. */
export function withoutComments(text: string): string {
  return text.replace(token, (found) => (found[0] === '"' || found[0] === "'" ? found : ' '))
}

const token = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?:\/\*.*?\*\/|\/\/[^\n\r\u2028\u2029]*|\s)+/gs

/**
 * Theory of operation: what a pool believes of the cost of a call, and when it changes its mind.
 *
 * `fib(1)` and `fib(40)` are one function, so beliefs are kept per function and kind of arguments (`argumentsKind`): a
 * small integer is its own kind, a larger number falls into one of four buckets per octave, what has a length into
 * one per octave. A function whose arguments make more kinds than `KINDS` is judged as a whole.
 *
 * Every measured run pays or borrows. For each privilege (to be stacked on a worker with other calls, to use a spare worker,
 * to run inline) a kind of call has a *debt*. A run within the privilege's limit pays 1; one of x µs beyond it
 * borrows x / unit; the privilege is held while the debt is 0. So
 *
 *   - one slow run (a page fault, a preempted thread) is soon forgiven, a slow function never is;
 *   - a function that is quick nine times and slow the tenth never gets a privilege, whatever its median says;
 *   - however costs behave, what misjudged calls take away is at most `unit` per call that went well: a hop to a
 *     worker costs about as much, so that is what an inline run may lose and still be worth its while.
 *
 * A newcomer may be anything: it owes three quick runs before it may be stacked, sixteen before it runs inline, but it may
 * use a spare worker once to show what it is. Runs in workers count for all three. An inline run can only lose the
 * privilege: it is earned back by runs in workers.
 *
 *                      stacked with others      on a spare worker      inline
 *   SHORT                     yes                     yes              if trivial
 *   MIDDLE, newcomers          no                     yes                 no
 *   LONG                       no                      no                 no
 */
import { Line, type Standing } from './line.ts'
import type { FunctionStats } from './pool.ts'

/** What the scheduler goes by. */
export type Kind = typeof SHORT | typeof MIDDLE | typeof LONG
export const SHORT = 0
export const MIDDLE = 1
export const LONG = 2
const kindNames = ['short', 'middle', 'long'] as const

/** The most that a run of a short call takes, in µs. */
export const SHORT_MICROS = 1000
/** The most that a run of a middle one takes. */
export const MIDDLE_MICROS = 50_000

const SHORT_NEWCOMER = 3
const INLINE_NEWCOMER = 16
/** What a hop to a worker costs, in µs, with all that wakes up for it. */
const HOP_MICROS = 50
/** A debt never grows beyond so many good runs: what has changed for good can be found out. */
const LARGEST_DEBT = 10_000
const LARGEST_INLINE_DEBT = 1_000_000

/** Kinds of arguments that are told apart for one function. */
const KINDS = 256

/** Calls of one cost and one priority that wait. Invariant: it stands in the backlog's line of its kind exactly while there are some. */
export class Group<J extends Standing<J>> implements Standing<Group<J>> {
  before: Group<J> | null = null
  after: Group<J> | null = null
  readonly priority: number
  readonly jobs = new Line<J>()

  constructor(priority: number) {
    this.priority = priority
  }
}

/** What is believed of one function with one kind of arguments. `J` are calls of it that wait for a worker. */
export class Cost<J extends Standing<J>> {
  readonly owner: FunctionCosts<J>
  /** Its calls of priority 0 that wait. */
  private readonly plain = new Group<J>(0)
  /** Those of others, while there are some. */
  private others: Map<number, Group<J>> | null = null
  kind: Kind = MIDDLE
  /** Moving average of its runs, in µs; 0 before the first. */
  mean = 0
  private shortDebt = SHORT_NEWCOMER
  private middleDebt = 0
  private inlineDebt = INLINE_NEWCOMER

  constructor(owner: FunctionCosts<J>) {
    this.owner = owner
  }

  /** Its calls of this priority that wait. */
  group(priority: number): Group<J> {
    if (priority === 0) return this.plain
    this.others ??= new Map()
    let group = this.others.get(priority)
    if (group === undefined) this.others.set(priority, (group = new Group<J>(priority)))
    return group
  }

  /** No call waits in this group any more. */
  left(group: Group<J>): void {
    if (group.priority !== 0) this.others?.delete(group.priority)
  }

  /** All of its calls that wait. */
  groups(): readonly Group<J>[] {
    return this.others === null ? [this.plain] : [this.plain, ...this.others.values()]
  }

  /** True if it is not worth a hop to a worker. */
  get trivial(): boolean {
    return this.inlineDebt === 0
  }

  /** A run in a worker took `micros`. `sync`: without waiting for anything, so that it could run inline. */
  learn(micros: number, sync: boolean): void {
    this.average(micros)
    this.shortDebt = settled(this.shortDebt, micros, SHORT_MICROS, SHORT_MICROS, LARGEST_DEBT)
    this.middleDebt = settled(this.middleDebt, micros, MIDDLE_MICROS, MIDDLE_MICROS, LARGEST_DEBT)
    this.inlineDebt = sync
      ? settled(this.inlineDebt, micros, this.owner.inlineMicros, HOP_MICROS, LARGEST_INLINE_DEBT)
      : Math.max(this.inlineDebt, INLINE_NEWCOMER)
    this.judge()
  }

  /** A run has been going on for `micros`, and goes on: waiting for its end to learn from it would be too late. */
  overrun(micros: number): void {
    if (micros > SHORT_MICROS) this.shortDebt = settled(this.shortDebt, micros, 0, SHORT_MICROS, LARGEST_DEBT)
    if (micros > MIDDLE_MICROS) this.middleDebt = settled(this.middleDebt, micros, 0, MIDDLE_MICROS, LARGEST_DEBT)
    this.inlineDebt = settled(this.inlineDebt, micros, 0, HOP_MICROS, LARGEST_INLINE_DEBT)
    this.judge()
  }

  /** An inline run took `micros`. */
  ranInline(micros: number): void {
    this.average(micros)
    if (micros > this.owner.inlineMicros) this.overrun(micros)
  }

  /** It does not do inline what it does in a worker: never again. */
  unfit(): void {
    this.inlineDebt = Infinity
  }

  private average(micros: number): void {
    this.mean += this.mean === 0 ? micros : (micros - this.mean) / 8
  }

  private judge(): void {
    this.kind = this.shortDebt === 0 ? SHORT : this.middleDebt === 0 ? MIDDLE : LONG
  }
}

/** A debt after one more run. */
function settled(debt: number, micros: number, limit: number, unit: number, largest: number): number {
  if (debt === Infinity) return debt
  return micros > limit ? Math.min(largest, debt + Math.ceil(micros / unit)) : Math.max(0, debt - 1)
}

/** What is believed of one function, and what became of its calls. */
export class FunctionCosts<J extends Standing<J>> {
  readonly inlineMicros: number
  calls = 0
  inline = 0
  failed = 0
  cancelled = 0
  queueMs = 0
  runMs = 0
  cpuMs = 0
  private readonly kinds = new Map<number | string, Cost<J>>()
  private whole: Cost<J> | null = null

  constructor(inlineMicros: number) {
    this.inlineMicros = inlineMicros
  }

  /** The cost of a call with arguments of this kind. */
  of(kind: number | string): Cost<J> {
    if (this.whole !== null) return this.whole
    let cost = this.kinds.get(kind)
    if (cost === undefined) {
      cost = new Cost<J>(this)
      if (this.kinds.size === KINDS) return (this.whole = cost)
      this.kinds.set(kind, cost)
    }
    return cost
  }

  /** Plain figures of this moment. */
  stats(): FunctionStats {
    const { calls, inline, failed, cancelled, queueMs, runMs, cpuMs } = this
    const kinds = { short: 0, middle: 0, long: 0, trivial: 0 }
    for (const cost of this) {
      kinds[kindNames[cost.kind]]++
      if (cost.trivial) kinds.trivial++
    }
    return Object.freeze({ calls, inline, failed, cancelled, queueMs, runMs, cpuMs, kinds: Object.freeze(kinds) })
  }

  /** All that are told apart. */
  *[Symbol.iterator](): Iterator<Cost<J>> {
    if (this.whole !== null) yield this.whole
    else yield* this.kinds.values()
  }
}

// A class per argument, of which up to three make one small integer.
const CLASSES = 1024
const OTHER_NUMBER = 255
const NEGATIVE = 256
const STRING = 512
const LIST = 576
const OBJECT = 640
const TRUE = 641
const FALSE = 642
const NOTHING = 643

/** A cheap guess at what makes calls of one function cost the same: sizes of the first three arguments. */
export function argumentsKind(args: readonly unknown[]): number {
  let kind = 0
  for (let i = 0; i < args.length && i < 3; i++) kind = kind * CLASSES + 1 + classOf(args[i])
  return kind
}

function classOf(value: unknown): number {
  switch (typeof value) {
    case 'number':
      return value < 0 ? NEGATIVE + magnitude(-value) : magnitude(value)
    case 'bigint':
      return value < 0n ? NEGATIVE + magnitude(-Number(value)) : magnitude(Number(value))
    case 'string':
      return STRING + octave(value.length)
    case 'boolean':
      return value ? TRUE : FALSE
    case 'object':
      return value === null ? NOTHING : classOfObject(value)
    default:
      return NOTHING
  }
}

/** 0 to 64 for the numbers up to 64, rounded up; then four for each octave. */
function magnitude(n: number): number {
  if (n <= 64) return Math.ceil(n)
  return n < Number.MAX_SAFE_INTEGER ? 65 + Math.floor(4 * Math.log2(n / 64)) : OTHER_NUMBER
}

function octave(size: number): number {
  return size < 2 ** 31 ? 32 - Math.clz32(size) : 32
}

function classOfObject(value: object): number {
  if (Array.isArray(value)) return LIST + octave(value.length)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer)
    return LIST + octave(value.byteLength)
  if (value instanceof Map || value instanceof Set) return LIST + octave(value.size)
  return OBJECT
}

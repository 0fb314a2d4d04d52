// Pools as their users see them: names, arguments and results are those of the module.
import type { Operation } from 'fibril'
import { type Body, fn, sleep } from 'fibril'
import {
  type AnyModule,
  type CallOf,
  type CallStream,
  type Calls,
  offload,
  type Pool,
  type PoolStats,
  type StreamName,
  ThreadPool,
  type Transferable,
  transfer,
} from 'fibril/offload'
import type { Equal, Expect } from './expect.ts'

declare const triple: (n: number) => Operation<number>

interface Work {
  fib(n: number): number
  later(n: number, unit?: 'ms' | 's'): Promise<string>
  deep(): Promise<Promise<boolean>>
  nothing(): void
  never(): never
  either(n: number): number | Promise<string>
  body(n: number): Body<Date>
  triple: typeof triple
  identity<T>(value: T): T
  rest(first: string, ...others: number[]): bigint
  readonly constant: 42
  readonly Class: typeof Map
}

const pool = new ThreadPool<Work>(new URL('file:///work.js'))
const op = fn(function* () {
  yield* sleep(1)
  return 'x' as const
})

const fib = pool.submit('fib', 30)
const later = pool.submit('later', 1, 'ms')
const deep = pool.submit('deep')
const nothing = pool.submit('nothing')
const never = pool.submit('never')
const either = pool.submit('either', 1)
const body = pool.submit('body', 1)
const tripled = pool.submit('triple', 1)
const identity = pool.submit('identity', 'x')
const rest = pool.submit('rest', 'a', 1, 2, 3)

export type Results = [
  Expect<Equal<typeof fib, Operation<number>>>,
  Expect<Equal<typeof later, Operation<string>>>,
  Expect<Equal<typeof deep, Operation<boolean>>>,
  Expect<Equal<typeof nothing, Operation<void>>>,
  Expect<Equal<typeof never, Operation<never>>>,
  Expect<Equal<typeof either, Operation<number | string>>>,
  Expect<Equal<typeof body, Operation<Date>>>,
  Expect<Equal<typeof tripled, Operation<number>>>,
  Expect<Equal<typeof identity, Operation<unknown>>>,
  Expect<Equal<typeof rest, Operation<bigint>>>,
  Expect<Equal<Awaited<typeof fib>, number>>,
]

// A real module, by its type.
const modules = new ThreadPool<typeof import('./expect.ts')>(new URL('file:///expect.js'))
// @ts-expect-error it exports types only
modules.submit('Equal')

const inTask = fn(function* () {
  const n = yield* pool.submit('fib', 30)
  const s = yield* pool.submit('later', 1)
  return [n, s] as const
})
export type InTask = Expect<Equal<ReturnType<typeof inTask>, Operation<readonly [number, string]>>>

// @ts-expect-error no such function
pool.submit('fibb', 30)
// @ts-expect-error not a function
pool.submit('constant')
// @ts-expect-error a class is no function
pool.submit('Class')
// @ts-expect-error not a number
pool.submit('fib', '30')
// @ts-expect-error an argument is missing
pool.submit('fib')
// @ts-expect-error one too many
pool.submit('fib', 1, 2)
// @ts-expect-error not one of the units
pool.submit('later', 1, 'min')
// @ts-expect-error a result is no string
const wrong: Operation<string> = pool.submit('fib', 1)

// What transfers keeps its type.
const bytes = transfer(new Uint8Array(8))
const pair = transfer({ a: new ArrayBuffer(1) }, [] as Transferable[])
export type Marked = [
  Expect<Equal<typeof bytes, Uint8Array<ArrayBuffer>>>,
  Expect<Equal<typeof pair, { a: ArrayBuffer }>>,
]
// @ts-expect-error a number has nothing to give
transfer(1)

// Of an unknown module nothing is known, and nothing is any.
const unknown = new ThreadPool('file:///work.js')
const result = unknown.submit('whatever', 1, 'two')
export type Unknown = [
  Expect<Equal<typeof unknown, ThreadPool<AnyModule>>>,
  Expect<Equal<typeof result, Operation<unknown>>>,
]

// Results one by one.
interface Sources {
  rows(table: string): AsyncGenerator<{ id: number }, void, void>
  counts(n: number): Generator<number, string, void>
  list(): readonly Date[]
  opened(): Promise<AsyncIterable<bigint>>
  text(): string
  body(): Body<number>
  triple: typeof triple
  one(): number
}
const sources = new ThreadPool<Sources>('file:///sources.js')
const rows = sources.stream('rows', 'people')
const counts = sources.stream('counts', 3)
const list = sources.stream('list')
const opened = sources.with({ ahead: 2, priority: 1 }).stream('opened')
export type Streams = [
  Expect<Equal<typeof rows, CallStream<{ id: number }>>>,
  Expect<Equal<typeof counts, CallStream<number>>>,
  Expect<Equal<typeof list, CallStream<Date>>>,
  Expect<Equal<typeof opened, CallStream<bigint>>>,
  Expect<Equal<StreamName<Sources>, 'rows' | 'counts' | 'list' | 'opened'>>,
]
// @ts-expect-error its results come one by one
sources.submit('rows', 'people')
// @ts-expect-error a text is one result
sources.stream('text')
// @ts-expect-error it gives one result
sources.stream('one')
// @ts-expect-error a body is driven, not read
sources.stream('body')
// @ts-expect-error no such table
sources.stream('rows', 1)

// Calls that are made otherwise are the same calls.
const urgent = pool.with({ priority: 5, timeout: 1000, onProgress: (value) => void value })
const urgentFib = urgent.submit('fib', 30)
export type Urgent = [
  Expect<Equal<typeof urgent, Calls<Work>>>,
  Expect<Equal<typeof urgentFib, Operation<number>>>,
  Expect<Equal<CallOf<{ fib(n: number): number }>, readonly [name: 'fib', n: number]>>,
]
// @ts-expect-error no such option
pool.with({ urgency: 1 })

// First and last calls of a worker are calls of the module.
declare const storage: { getStore(): string | undefined }
new ThreadPool<Work>('file:///work.js', {
  start: ['later', 1, 's'],
  stop: ['nothing'],
  carry: { user: storage, trace: () => 'a trace' },
})
// @ts-expect-error no such function
new ThreadPool<Work>('file:///work.js', { start: ['begin'] })
// @ts-expect-error an argument of another type
new ThreadPool<Work>('file:///work.js', { stop: ['fib', 'x'] })
// @ts-expect-error neither a storage nor a function
new ThreadPool<Work>('file:///work.js', { carry: { user: 'Ada' } })

// An offloaded function is the same, but that its results are waited for.
const offloaded = offload(async (n: number, unit?: 'ms' | 's') => `${n} ${unit}`)
export type Offloaded = Expect<Equal<typeof offloaded, (n: number, unit?: 'ms' | 's') => Operation<string>>>
// @ts-expect-error not a function
offload(42)

// A thread pool is a pool.
const general: Pool<Work> = pool
const stats: PoolStats = general.stats()
// @ts-expect-error figures are read-only
stats.queued = 1
export type CallCount = Expect<Equal<NonNullable<(typeof stats)['functions'][string]>['calls'], number>>

// @ts-expect-error no such option
new ThreadPool<Work>('file:///work.js', { threads: 2 })
new ThreadPool<Work>('file:///work.js', { size: 2, inline: { maxMicros: 5 }, killAfter: Infinity, env: {} })

export { op, wrong }

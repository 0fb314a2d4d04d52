// What users of the core see. Nothing here runs.
import {
  type Awaitable,
  all,
  allSettled,
  any,
  type Body,
  type CancelledError,
  type currentTask,
  Future,
  fn,
  ListedWait,
  NOT_YET,
  type OpenScope,
  type Operation,
  type Outcome,
  type openScope,
  type ResultOf,
  race,
  run,
  type Scope,
  scope,
  shield,
  sleep,
  spawn,
  suspend,
  type Task,
  type TaskBody,
  TaskLocal,
  timeout,
  timeoutOr,
  Wait,
  type Waiter,
  WaitList,
  type Wake,
  wait,
  yieldNow,
} from 'fibril'
import type { Equal, Expect } from './expect.ts'

declare const promise: Promise<Date>
declare const number: Operation<number>
declare const text: Operation<string>
declare const task: Task<boolean>
declare const future: Future<bigint>

// -- fn keeps parameters, generics, `this` and the result

const add = fn(function* (a: number, b?: string, ...rest: boolean[]) {
  yield* sleep(1)
  return [a, b, rest] as const
})
const first = fn(function* <T>(items: readonly T[]): Body<T | undefined> {
  yield* sleep(1)
  return items[0]
})
const nothing = fn(function* () {
  yield* sleep(1)
})
const fails = fn(function* (): Body<never> {
  throw new Error('always')
})

export type Fn = [
  Expect<
    Equal<
      typeof add,
      (a: number, b?: string, ...rest: boolean[]) => Operation<readonly [number, string | undefined, boolean[]]>
    >
  >,
  Expect<Equal<typeof nothing, () => Operation<void>>>,
  Expect<Equal<typeof fails, () => Operation<never>>>,
]

export const generic: <T>(items: readonly T[]) => Operation<T | undefined> = first
export const instance = [first([1]), first(['a'])] satisfies [
  Operation<number | undefined>,
  Operation<string | undefined>,
]

// @ts-expect-error: the first parameter is a number
add('1')
// @ts-expect-error: a plain generator of values is no body
fn(function* () {
  yield 1
})
// @ts-expect-error: an async generator is no body
fn(async function* () {
  yield 1
})

// -- yield* and await give the result

export function* delegation(): Body<void> {
  const slept = yield* sleep(1)
  const added = yield* add(1)
  const firstOfTwo = yield* first(['a', 'b'])
  const joined = yield* task
  const value = yield* future
  const turn = yield* yieldNow()
  const same = yield* number
  type Cases = [
    Expect<Equal<typeof slept, void>>,
    Expect<Equal<typeof added, readonly [number, string | undefined, boolean[]]>>,
    Expect<Equal<typeof firstOfTwo, string | undefined>>,
    Expect<Equal<typeof joined, boolean>>,
    Expect<Equal<typeof value, bigint>>,
    Expect<Equal<typeof turn, void>>,
    Expect<Equal<typeof same, number>>,
  ]
  void (null as unknown as Cases)
  // A yield of nothing gives way.
  yield
  // @ts-expect-error: of anything else it is no way to wait
  yield promise
  // @ts-expect-error: neither of an operation, without the star
  yield sleep(1)
  // @ts-expect-error: a promise is waited for by `wait`
  yield* promise
}

export async function awaiting(): Promise<void> {
  type Cases = [
    Expect<Equal<Awaited<typeof number>, number>>,
    Expect<Equal<Awaited<typeof task>, boolean>>,
    Expect<Equal<Awaited<typeof future>, bigint>>,
  ]
  void (null as unknown as Cases)
  const value: number = await number
  void value
}

// -- run and spawn: the result of any kind of body

export type Run = [
  Expect<Equal<ReturnType<typeof runs.generator>, Task<number>>>,
  Expect<Equal<ReturnType<typeof runs.plain>, Task<string>>>,
  Expect<Equal<ReturnType<typeof runs.async>, Task<Date>>>,
  Expect<Equal<ReturnType<typeof runs.operation>, Task<number>>>,
  Expect<Equal<ReturnType<typeof runs.call>, Task<string | undefined>>>,
  Expect<Equal<ReturnType<typeof runs.gives>, Task<number>>>,
  Expect<Equal<ReturnType<typeof runs.object>, Task<string>>>,
  Expect<Equal<ReturnType<typeof runs.nothing>, Task<void>>>,
]
const runs = {
  generator: () =>
    run(function* () {
      return yield* number
    }),
  plain: () => run(() => 'text'),
  async: () => run(async () => promise),
  operation: () => spawn(number),
  call: () => spawn(first(['a'])),
  gives: () => spawn(() => number),
  object: () =>
    spawn(
      (function* (): Body<string> {
        return yield* text
      })(),
    ),
  nothing: () => spawn.detached(() => sleep(1), { name: 'name', signal: AbortSignal.timeout(1) }),
}

// @ts-expect-error: no such option
run(() => 1, { nam: 'typo' })
// @ts-expect-error: a number is no body
run(5)

// -- tasks

export function inspect(): void {
  const { outcome } = task
  type Cases = [
    Expect<Equal<typeof outcome, Outcome<boolean> | null>>,
    Expect<Equal<typeof task.state, 'created' | 'ready' | 'running' | 'parked' | 'ended'>>,
    Expect<Equal<typeof task.reason, string | null>>,
    Expect<Equal<typeof task.parent, Task<unknown> | null>>,
    Expect<Equal<typeof task.children, Task<unknown>[]>>,
    Expect<Equal<ReturnType<typeof task.join>, Operation<boolean>>>,
    Expect<Equal<ReturnType<typeof currentTask>, Task<unknown> | null>>,
  ]
  void (null as unknown as Cases)
  if (outcome === null) return
  switch (outcome.status) {
    case 'done':
      void (outcome.value satisfies boolean)
      break
    case 'failed':
      void (outcome.error satisfies unknown)
      // @ts-expect-error: no value then
      void outcome.value
      break
    case 'cancelled':
      void (outcome.error satisfies CancelledError)
      break
    default:
      void (outcome satisfies never)
  }
  // @ts-expect-error: read only
  task.name = 'other'
}

// A task of something is a task of unknown, and may be kept as one.
export const kept: Task<unknown>[] = [task]
export const bodies: TaskBody<unknown>[] = [number, () => 1, async () => 1]

// -- all and its kin: tuples, lists, records, iterables

const list = all([
  number,
  text,
  promise,
  task,
  future,
  'plain',
  null,
  () => text,
  function* (): Body<1> {
    return 1
  },
])
const record = all({ n: number, p: promise, plain: 5 as const })
const array = all([number, number] as Operation<number>[])
const set = all(new Set([text]))
const empty = all([])
const settled = allSettled([number, promise])
const settledRecord = allSettled({ n: number })
const raced = race([number, text])
const racedRecord = race({ a: number, b: promise })
const anyOf = any([number, Promise.resolve('x')])
const nested = all([all([number]), race([text])])

export type Gather = [
  Expect<Equal<typeof list, Operation<[number, string, Date, boolean, bigint, 'plain', null, string, 1]>>>,
  Expect<Equal<typeof record, Operation<{ n: number; p: Date; plain: 5 }>>>,
  Expect<Equal<typeof array, Operation<number[]>>>,
  Expect<Equal<typeof set, Operation<string[]>>>,
  Expect<Equal<typeof empty, Operation<[]>>>,
  Expect<Equal<typeof settled, Operation<[Outcome<number>, Outcome<Date>]>>>,
  Expect<Equal<typeof settledRecord, Operation<{ n: Outcome<number> }>>>,
  Expect<Equal<typeof raced, Operation<number | string>>>,
  Expect<Equal<typeof racedRecord, Operation<number | Date>>>,
  Expect<Equal<typeof anyOf, Operation<number | string>>>,
  Expect<Equal<typeof nested, Operation<[[number], string]>>>,
]

export type Results = [
  Expect<Equal<ResultOf<Operation<number>>, number>>,
  Expect<Equal<ResultOf<Promise<string>>, string>>,
  Expect<Equal<ResultOf<Task<null>>, null>>,
  Expect<Equal<ResultOf<Future<1>>, 1>>,
  Expect<Equal<ResultOf<() => Body<Date>>, Date>>,
  Expect<Equal<ResultOf<() => Promise<Date>>, Date>>,
  Expect<Equal<ResultOf<5>, 5>>,
]

// -- wait

const waited = wait(promise)
const signalled = wait((signal) => {
  void (signal satisfies AbortSignal)
  return promise
})
const waitedList = wait([promise, number, 1])
const waitedRecord = wait({ p: promise, n: number })
const waitedTask = wait(task)

export type Waits = [
  Expect<Equal<typeof waited, Operation<Date>>>,
  Expect<Equal<typeof signalled, Operation<Date>>>,
  Expect<Equal<typeof waitedList, Operation<[Date, number, 1]>>>,
  Expect<Equal<typeof waitedRecord, Operation<{ p: Date; n: number }>>>,
  Expect<Equal<typeof waitedTask, Operation<boolean>>>,
]

// @ts-expect-error: nothing to wait for
wait(5)
// @ts-expect-error: the function must promise something
wait(() => 5)
// @ts-expect-error: one thing is no list
all(sleep(1))
// @ts-expect-error: neither is a task
race(task)

export const anything: Awaitable<number>[] = [number, Promise.resolve(1)]

// -- blocks

const limited = timeout(5, first([1]))
const limitedBody = timeout(5, function* () {
  return yield* text
})
const instead = timeoutOr(5, 'too late', number)
const insteadNull = timeoutOr(5, null, () => promise)
const shielded = shield(number)
const scoped = scope(function* (s) {
  void (s satisfies Scope)
  const child = s.spawn(first([1, 2]))
  void (child satisfies Task<number | undefined>)
  return yield* text
})

export type Blocks = [
  Expect<Equal<typeof limited, Operation<number | undefined>>>,
  Expect<Equal<typeof limitedBody, Operation<string>>>,
  Expect<Equal<typeof instead, Operation<number | 'too late'>>>,
  Expect<Equal<typeof insteadNull, Operation<Date | null>>>,
  Expect<Equal<typeof shielded, Operation<number>>>,
  Expect<Equal<typeof scoped, Operation<string>>>,
  Expect<Equal<ReturnType<typeof openScope>, OpenScope>>,
]

// @ts-expect-error: the limit comes first
timeout(number, 5)

// -- futures, locals

const given = new Future<number>('n')
given.resolve(1)
// @ts-expect-error: not a number
given.resolve('1')
const voided = new Future<void>()
voided.resolve()

const local = new TaskLocal({ create: () => 1, dispose: (value) => void (value satisfies number) })
const disposing = new TaskLocal<Date>({ dispose: (value) => wait(Promise.resolve(value)) })

export type Values = [
  Expect<Equal<ReturnType<typeof local.get>, number>>,
  Expect<Equal<ReturnType<typeof disposing.delete>, Date | undefined>>,
  Expect<Equal<ReturnType<typeof given.tryResolve>, boolean>>,
]
// @ts-expect-error: not a number
local.set('1')

// -- authoring

const suspended = suspend<string>('a line', (wake) => {
  void (wake satisfies Wake<string>)
  wake('line')
  // @ts-expect-error: not a string
  wake(1)
  wake.fail(new Error('any'))
  return () => {}
})
export type Suspended = Expect<Equal<typeof suspended, Wait<string>>>

class Take extends ListedWait<number> {
  readonly line: WaitList<Take> = new WaitList()
  get reason(): string {
    return 'a number'
  }
  override attempt(): number | typeof NOT_YET {
    return NOT_YET
  }
}
class Own extends Wait<Date> {
  get reason(): string {
    return 'a date'
  }
  install(waiter: Waiter<Date>): void {
    waiter.resume(new Date(0))
    // @ts-expect-error: not a date
    waiter.resume(1)
  }
  uninstall(): void {}
}
export const authored: [Operation<number>, Operation<Date>] = [new Take(), new Own()]

// @ts-expect-error: reason, install and uninstall must be written
export class Incomplete extends Wait<number> {}

// An operation of something narrow is one of something wide.
export const wide: Operation<string | number> = number
// @ts-expect-error: and not the other way round
export const narrow: Operation<number> = wide

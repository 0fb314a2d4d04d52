// What users of fibril/gevent and fibril/gevent/green see: results keep their types, as operations there and as values here.
import type { Operation } from 'fibril'
import * as gevent from 'fibril/gevent'
import * as green from 'fibril/gevent/green'
import type { Equal, Expect } from './expect.ts'

function* body(n: number) {
  yield* gevent.sleep(n)
  return String(n)
}
const one = gevent.spawn(body, 1)
const queue = new gevent.Queue<number>()
const pool = new gevent.Pool(2)

// @ts-expect-error the arguments are those of the function
gevent.spawn(body, 'one')

export type Operations = [
  Expect<Equal<typeof one, gevent.Greenlet<string>>>,
  Expect<Equal<ReturnType<typeof one.get>, Operation<string>>>,
  Expect<Equal<ReturnType<typeof one.join>, Operation<void>>>,
  Expect<Equal<ReturnType<typeof queue.get>, Operation<number>>>,
]
export const placed: Operation<gevent.Greenlet<string>> = pool.spawn(body, 1)
export const mapped: Operation<string[]> = pool.map(body, [1])
export const streamed: gevent.IMap<string> = pool.imap(body, [1])
export const limited: Operation<string | 'late'> = gevent.withTimeout(1, () => body(1), { timeoutValue: 'late' })
export const promised: Promise<string> = gevent.spawn(async () => 'x').then()
export const all: Operation<gevent.Greenlet<string>[]> = gevent.joinall([one])
export const anything: gevent.Greenlet = one

// -- green code: the same, as plain calls

function plain(n: number) {
  green.sleep(n)
  return String(n)
}
const two = green.spawn(plain, 1)
const greenQueue = new green.Queue<number>()
const greenPool = new green.Pool(2)
class Job extends green.Greenlet<string> {
  _run() {
    return 'done'
  }
}
const job = new Job()

// @ts-expect-error the arguments are those of the function
green.spawn(plain, 'one')

export type Values = [
  Expect<Equal<typeof two, green.Greenlet<string>>>,
  Expect<Equal<ReturnType<typeof two.get>, string>>,
  Expect<Equal<ReturnType<typeof two.join>, void>>,
  Expect<Equal<ReturnType<typeof job.get>, string>>,
  Expect<Equal<ReturnType<typeof greenQueue.get>, number>>,
]
export const greenPlaced: green.Greenlet<string> = greenPool.spawn(plain, 1)
export const greenMapped: string[] = greenPool.map(plain, [1])
export const greenStreamed: Iterable<string> = greenPool.imap(plain, [1])
export const greenLimited: string | 'late' = green.withTimeout(1, () => plain(1), { timeoutValue: 'late' })
export const greenAll: green.Greenlet<string>[] = green.joinall([two])
export const output: string = green.subprocess.checkOutput(['true'])

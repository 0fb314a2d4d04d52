// What users of fibril/green see: what an operation would give, as the result of a plain call.
import { type Task as CoroutineTask, type Operation, sleep as sleepOperation } from 'fibril'
import {
  all,
  allSettled,
  any,
  atomic,
  Channel,
  Condition,
  connect,
  type currentTask,
  Future,
  green,
  iterate,
  join,
  Limit,
  Lock,
  listen,
  listenTls,
  mapLimit,
  memoryPair,
  type Outcome,
  offload,
  pump,
  Queue,
  race,
  run,
  type Scope,
  Semaphore,
  type Server,
  type Socket,
  type Stream,
  scope,
  serve,
  shield,
  sleep,
  spawn,
  startTls,
  type Task,
  TaskLocal,
  ThreadPool,
  type TlsSocket,
  thingOf,
  timeout,
  timeoutOr,
  type UdpSocket,
  wait,
} from 'fibril/green'
import type { Socket as NetSocket } from 'fibril/net'
import { NetstringFraming } from 'fibril/protocol'
import type { Queue as SyncQueue } from 'fibril/sync'
import type { Equal, Expect } from './expect.ts'

// -- queues and locks

const numbers = new Queue<number>({ capacity: 2 })
const channel = new Channel<string>()
const byRank = new Queue({ order: (a: { rank: number }, b: { rank: number }) => a.rank - b.rank })
const lock = new Lock({ name: 'door' })
const local = new TaskLocal({ create: () => 'value' })
const future = new Future<Date>()

export type Things = [
  Expect<Equal<typeof byRank, Queue<{ rank: number }>>>,
  Expect<Equal<ReturnType<typeof numbers.get>, number>>,
  Expect<Equal<ReturnType<typeof numbers.put>, void>>,
  Expect<Equal<ReturnType<typeof numbers.tryGet>, number | undefined>>,
  Expect<Equal<ReturnType<typeof numbers.next>, IteratorResult<number, undefined>>>,
  Expect<Equal<typeof numbers.size, number>>,
  Expect<Equal<ReturnType<typeof channel.receive>, string>>,
  Expect<Equal<ReturnType<typeof lock.acquire>, Disposable>>,
  Expect<Equal<ReturnType<typeof local.get>, string>>,
  Expect<Equal<ReturnType<typeof future.wait>, Date>>,
]

export type Behind = [
  Expect<Equal<ReturnType<typeof behindQueue>, SyncQueue<number>>>,
  Expect<Equal<ReturnType<typeof behindTask>, CoroutineTask<Date>>>,
  Expect<Equal<ReturnType<typeof behindSocket>, NetSocket>>,
]
const behindQueue = () => thingOf(numbers)
const behindTask = (task: Task<Date>) => thingOf(task)
const behindSocket = (socket: Socket) => thingOf(socket)

class Jobs extends Queue<number> {
  doubled(): number {
    return 2 * this.get()
  }
}

export function useThings(): [number, string, number, Promise<string>] {
  const doubled: number = lock.with((n: number) => 2 * n, 1)
  const said: string = new Limit(2).run(() => 'said')
  const promised: number = new Semaphore(1).with(async () => 5)
  const condition = new Condition({ lock })
  const same: Lock = condition.lock
  same.release()
  for (const n of numbers) n.toFixed()
  // @ts-expect-error an item of another type
  numbers.put('text')
  // @ts-expect-error what is in a queue is its own
  numbers.takers
  // @ts-expect-error too few arguments
  lock.with((n: number) => 2 * n)
  return [doubled + promised + new Jobs().doubled(), said, numbers.stats().size, Promise.resolve(said)]
}

// -- tasks

function find(id: number, deep: boolean): { readonly id: number; readonly deep: boolean } {
  return { id, deep }
}
const found = spawn(find, 1, true)
const identity = <T>(value: T): T => value

export type Tasks = [
  Expect<Equal<typeof found, Task<{ readonly id: number; readonly deep: boolean }>>>,
  Expect<Equal<ReturnType<typeof found.join>, { readonly id: number; readonly deep: boolean }>>,
  Expect<Equal<Awaited<typeof found>, { readonly id: number; readonly deep: boolean }>>,
  Expect<Equal<typeof found.parent, Task<unknown> | null>>,
  Expect<Equal<ReturnType<typeof currentTask>, Task<unknown> | null>>,
]

export function useTasks(operation: Operation<string>): number {
  const promised: Task<string> = spawn(async () => 'text')
  const operated: Task<string> = spawn(operation)
  const generated: Task<number> = spawn(function* () {
    yield* sleepOperation(1)
    return 1
  })
  const generic: Task<string> = spawn(identity<string>, 'x')
  const named: Task<number> = spawn.with({ name: 'named' }, () => 1)
  const outside: Promise<number> = green((n: number) => n)(1)
  const root: Task<string> = run(() => 'root')
  const inner: boolean = scope((s: Scope) => s.spawn(find, 1, true).join().deep)
  // @ts-expect-error the argument of another type
  spawn(find, 'x', true)
  // @ts-expect-error too few arguments
  spawn(find, 1)
  void [promised, operated, generic, outside, root, inner]
  return join(generated) + join(named)
}

// -- waiting

const both = (): [number, string] => all([() => 1, Promise.resolve('b')])
const named = (): { a: number; b: string } => all({ a: found.join().id, b: async () => 'b' })
const settled = (): [Outcome<number>, Outcome<string>] => allSettled([Promise.resolve(1), () => 'b'])

export function useWaits(response: Promise<Response>): (number | string | null)[] {
  sleep(1)
  const status: number = wait(response).status
  const fetched: number = wait((signal) => Promise.resolve(signal.aborted ? 0 : 1))
  const [a, b] = wait([Promise.resolve(1), 'b'])
  const first: number | string = race([Promise.resolve(1), () => 'b'])
  const success: number = any([Promise.resolve(1)])
  const timed: number = timeout(10, find, 1, true).id
  const late: { readonly id: number } | null = timeoutOr(10, null, find, 1, true)
  const kept: boolean = shield(find, 1, true).deep
  const sum: number = atomic((x: number) => x, 1)
  const texts: string[] = mapLimit([1, 2], (n) => String(n), { concurrency: 2 })
  async function* pieces(): AsyncGenerator<number> {
    yield 1
  }
  for (const piece of iterate(pieces())) piece.toFixed()
  // @ts-expect-error one thing is no array or record of things
  all(Promise.resolve(1))
  return [status, fetched, a, b, first, success, timed, late?.id ?? null, String(kept), sum, ...texts, ...both()]
}
export type Waits = [Expect<Equal<ReturnType<typeof named>, { a: number; b: string }>>, typeof settled]

// -- sockets and pools

export function useNet(): string | null {
  const server: Server = listen({ port: 0 })
  const socket: Socket = connect({ port: server.port })
  const line: string | null = socket.readLine()
  const bytes: Uint8Array | null = socket.readExactly(5)
  for (const each of socket.lines()) each.trim()
  server.serve((accepted) => accepted.write(accepted.readLine() ?? 'nothing'))
  const [here]: [Stream, Stream] = memoryPair()
  serve((accepted: Socket) => accepted.end(), { port: 1, onListen: (started: Server) => started.stop() })
  return bytes === null ? line : here.name
}

export function useMessages(stream: Stream, datagrams: UdpSocket): (number | undefined)[] {
  const channel = stream.upgrade(new NetstringFraming())
  channel.send('text')
  const message: Uint8Array | null = channel.receive()
  for (const each of channel.messages()) each.byteLength
  const secure: TlsSocket = startTls(stream, { side: 'client', servername: 'localhost' })
  const server: Server<TlsSocket> = listenTls({ port: 0, certificates: { cert: '', key: '' } })
  server.serve((socket) => socket.authorized)
  const accepted: TlsSocket = server.accept()
  return [message?.byteLength, pump(secure, accepted), datagrams.receive().from.port]
}

interface Work {
  fib(n: number): number
  slow(text: string): Promise<string>
}
const pool = new ThreadPool<Work>('file:///work.ts')
export const fib: number = pool.submit('fib', 30)
export const slow: string = pool.submit('slow', 'text')
export const urgent: number = pool.with({ priority: 1 }).submit('fib', 30)
export const elsewhere: number = offload((n: number) => n + 1)(1)
export const later: string = offload(async () => 'text')()
declare const rows: ThreadPool<{ rows(): AsyncGenerator<number> }>
export const row: number | undefined = rows.stream('rows').next().value
// @ts-expect-error no such function
pool.submit('none')
// @ts-expect-error an argument of another type
pool.submit('fib', 'x')

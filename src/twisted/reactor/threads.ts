/**
 * Theory of operation: how other threads call functions of the reactor's thread.
 *
 *   worker:  callFromThread('log', line) ──message──▶ port ──▶ reactor.callFromThread(functions.log, line)
 *            blockingCallFromThread('add', 1, 2) ──message──▶ …, and sleeps on a shared flag until the answer is in its port
 *
 * Functions cannot go from thread to thread, so the reactor's thread says which there are, by name, and gives each worker a
 * port of its own. Messages of one port keep their order. An idle port keeps nobody alive.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { textOf, UsageError } from '../../core/index.ts'
import type { ArgumentsOf, FunctionName, Pool, ReturnOf, ThreadPool } from '../../offload/index.ts'
import type { Deferred } from '../deferred.ts'
import { log } from '../log.ts'
import { maybeDeferred } from '../make.ts'
import { deferOperation } from './defer-operation.ts'
import type { Reactor } from './reactor.ts'

/** Functions by name. */
export type Functions = { readonly [name: string]: (...args: never[]) => unknown }

interface Call {
  readonly name: string
  readonly args: readonly unknown[]
  /** Set and notified when the answer is in the port; absent if none is wanted. */
  readonly flag?: Int32Array
}

interface Answer {
  readonly value?: unknown
  readonly error?: unknown
  readonly failed: boolean
}

/** Functions of this thread that others may call. */
export class ThreadDoor<F extends Functions> {
  private readonly reactor: Reactor
  private readonly functions: F
  private readonly ports = new Set<MessagePort>()

  /** @internal Use `exposeToThreads`. */
  constructor(reactor: Reactor, functions: F) {
    this.reactor = reactor
    this.functions = functions
  }

  /** A port for one worker: give it as `workerData`, and in the `transferList`. */
  port(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    this.ports.add(port1)
    port1.on('message', (call: Call) => this.reactor.callFromThread(() => this.answer(port1, call)))
    port1.on('close', () => this.ports.delete(port1))
    port1.unref()
    return port2
  }

  /** Nobody can call any more. */
  close(): void {
    for (const port of this.ports) port.close()
    this.ports.clear()
  }

  private answer(port: MessagePort, { name, args, flag }: Call): void {
    const result = maybeDeferred(() => this.named(name)(...(args as never[])))
    if (flag === undefined) {
      result.addErrback((failure) => log.err(failure, `Unhandled error in ${name}, called from a thread:`))
      return
    }
    const post = (answer: Answer): void => {
      try {
        port.postMessage(answer)
      } catch (error) {
        port.postMessage({ failed: true, error: new TypeError(`${name}: ${textOf(error)}`) })
      }
      Atomics.store(flag, 0, 1)
      Atomics.notify(flag, 0)
    }
    result.addCallbacks(
      (value) => post({ failed: false, value }),
      (failure) => post({ failed: true, error: failure.value }),
    )
  }

  private named(name: string): F[string] {
    const func = Object.hasOwn(this.functions, name) ? this.functions[name] : undefined
    if (func === undefined) throw new UsageError(`a thread called ${name}, which was not exposed to threads`)
    return func as F[string]
  }
}

/**
 * Lets worker threads call `functions` of this thread, by their names, in turns of its loop. See `reactorThread` for the
 * other side.
 *
 * ```ts
 * import { Worker } from 'node:worker_threads'
 * import { exposeToThreads, reactor } from 'fibril/twisted'
 *
 * const door = exposeToThreads(reactor, { report: (line: string) => console.log(line) })
 * const port = door.port()
 * const worker = new Worker(
 *   `import('fibril/twisted').then(({ reactorThread }) => {
 *     const main = reactorThread(require('node:worker_threads').workerData)
 *     main.callFromThread('report', 'hello from a worker')
 *   })`,
 *   { eval: true, workerData: port, transferList: [port] },
 * )
 * await new Promise((resolve) => worker.once('exit', resolve))
 * door.close()
 * // prints: hello from a worker
 * ```
 */
export function exposeToThreads<F extends Functions>(reactor: Reactor, functions: F): ThreadDoor<F> {
  return new ThreadDoor(reactor, functions)
}

/** The reactor's thread, as another one sees it. */
export interface ReactorThread<F extends Functions> {
  /** Has a function called there, soon, and goes on. What it throws is logged there. */
  callFromThread<K extends keyof F & string>(name: K, ...args: Parameters<F[K]>): void
  /** Has a function called there, and blocks this thread until it, and a Deferred or promise that it gives, has a result. */
  blockingCallFromThread<K extends keyof F & string>(name: K, ...args: Parameters<F[K]>): Awaited<ReturnType<F[K]>>
}

/** For a worker: the way to the functions that were exposed to it, over the port that it was given. */
export function reactorThread<F extends Functions>(port: MessagePort): ReactorThread<F> {
  return {
    callFromThread(name, ...args) {
      port.postMessage({ name, args } satisfies Call)
    },
    blockingCallFromThread(name, ...args) {
      const flag = new Int32Array(new SharedArrayBuffer(4))
      port.postMessage({ name, args, flag } satisfies Call)
      Atomics.wait(flag, 0, 0)
      const { failed, value, error } = (receiveMessageOnPort(port) as { message: Answer }).message
      if (failed) throw error
      return value as never
    },
  }
}

/**
 * Has a function called by a worker of a pool: a Deferred for its result. Cancelling it cancels the call.
 *
 * ```ts
 * import { ThreadPool } from 'fibril/offload'
 * import { deferToThread } from 'fibril/twisted'
 *
 * const pool = new ThreadPool<typeof import('node:path')>('node:path', { size: 1 })
 * console.log(await deferToThread(pool, 'basename', '/tmp/poem.txt')) // => poem.txt
 * await pool.close()
 * ```
 */
export function deferToThread<M extends object, K extends FunctionName<M>>(
  pool: ThreadPool<M> | Pool<M>,
  name: K,
  ...args: ArgumentsOf<M, K>
): Deferred<ReturnOf<M, K>> {
  return deferOperation(() => pool.submit(name, ...args))
}

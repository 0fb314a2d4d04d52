import type { ConnectionPoolStats, Hooked, Lease, PoolOptions as PoolOptionsOf } from '../net/index.ts'
import * as net from '../net/index.ts'
import { type Action, callTo, type Returned } from './callbacks.ts'
import { faceClass, type Green } from './face.ts'

type Hooks<C> = Pick<PoolOptionsOf<C>, 'connect' | 'close' | 'validate' | 'reset' | 'watch'>

/** What a pool pools, and how: as `PoolOptions` of `fibril/net`, with hooks that may park. */
export interface PoolOptions<C> extends Omit<PoolOptionsOf<C>, keyof Hooks<C>> {
  /** Makes a connection, in a task of its own, which also owns what is spawned here. */
  readonly connect: () => C
  /** Lets go of a connection; `fault` tells why it is not in order, if it is not. */
  readonly close: (connection: C, fault?: unknown) => void
  /** Whether it still works, asked of the other side before it is lent again. False, or an error: it is closed. */
  readonly validate?: (connection: C) => boolean
  /** Makes a returned connection as good as new: a rollback. An error: it is closed. */
  readonly reset?: (connection: C) => void
  /** Ends, or fails, when the connection breaks: then it is dropped. */
  readonly watch?: (connection: C) => unknown
}

const names = ['name', 'size', 'open', 'waiting', 'acquire', 'current', 'close', 'toString'] as const

/**
 * Connections that are made when needed, lent to one task at a time, and used again. First come, first served. `use` calls a
 * function with one; `current` gives the task one for the rest of its life; `acquire` lends one until its lease is released.
 *
 * ```ts green
 * import { ConnectionPool, MemoryServer, spawn, type Stream } from 'fibril/green'
 *
 * const server = new MemoryServer()
 * spawn(() =>
 *   server.serve((socket) => {
 *     for (const line of socket.lines()) socket.write(`${line}!\n`)
 *   }),
 * )
 * const pool = new ConnectionPool<Stream>({
 *   connect: () => server.connect(),
 *   close: (stream) => stream.close(),
 *   max: 2,
 * })
 * function greet(name: string) {
 *   return pool.use((stream) => {
 *     stream.write(`hello ${name}\n`)
 *     return stream.readLine()
 *   })
 * }
 * const tasks = ['Ada', 'Grace', 'Barbara'].map((name) => spawn(greet, name))
 * console.log(tasks.map((task) => task.join()).join(' ')) // prints: hello Ada! hello Grace! hello Barbara!
 * console.log(pool.stats().created) // prints: 2
 * pool.close()
 * server.stop()
 * ```
 */
export interface ConnectionPool<C> extends Green<net.ConnectionPool<C>, (typeof names)[number]>, AsyncDisposable {
  /**
   * Calls `body` with a connection, gives its result, and returns the connection whatever happens. If `body` fails or is
   * cancelled, the connection is closed, unless the pool's `isUsable` or `broken` vouch for it.
   */
  use<R>(body: (connection: C, lease: Lease<C>) => R): Returned<R>
  /** Plain figures of this moment. */
  stats(): ConnectionPoolStats
}

export const ConnectionPool: new <C>(options: PoolOptions<C>) => ConnectionPool<C> = faceClass(
  net.ConnectionPool<unknown>,
  [...names, 'use', 'stats'],
  {
    create: (options: PoolOptions<unknown>) => new net.ConnectionPool(hooked(options)),
    args: {
      use: (body: Action<[unknown, Lease<unknown>], unknown>) => [
        (connection: unknown, lease: Lease<unknown>) => callTo(body, [connection, lease]),
      ],
    },
  },
)

/** The hooks as operations: the engine calls them, so that they may park. */
function hooked<C>({ connect, close, validate, reset, watch, ...rest }: PoolOptions<C>): PoolOptionsOf<C> {
  const given = <R>(hook: ((connection: C) => R) | undefined, name: keyof Hooks<C>): Partial<Hooks<C>> =>
    hook === undefined ? {} : { [name]: (connection: C) => callTo(hook, [connection]) }
  return {
    ...rest,
    connect: () => callTo(connect, []) as Hooked<C>,
    close: (connection, fault) => callTo(close, [connection, fault]) as Hooked<void>,
    ...given(validate, 'validate'),
    ...given(reset, 'reset'),
    ...given(watch, 'watch'),
  }
}

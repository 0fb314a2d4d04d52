import { inspect } from 'node:util'

/** Which side of a socket: `recv` is what comes in, `send` what goes out. */
export type Direction = 'recv' | 'send'

/** What `select` watches in Unix: a thing that is, or becomes, ready for reading or writing. */
export interface Pollable {
  readonly name: string
  /**
   * Calls `wake` as soon as this is ready in that direction: at once if it is so already, never before. Returns how to
   * stop watching. There is one watcher at a time in each direction; the scheduler sees to that.
   */
  whenReady(direction: Direction, wake: () => void): () => void
}

/** A result that comes later. See `Future`. */
export interface Eventual {
  readonly name: string
  /** Calls `wake` once the result is there, at once if it is so already. Returns how to stop watching. */
  whenDone(wake: () => void): () => void
}

/**
 * All that a task may ask of the scheduler. Each request says what to wait for, and none brings an answer: what was
 * waited for is then there for the taking, with a plain call.
 *
 * ```ts
 * yield ['recv', socket] //    until there is something to read
 * yield ['send', socket] //    until the peer has room for more
 * yield ['future', future] //  until it has a result
 * yield ['sleep', 250] //      for so many milliseconds; 0 lets the other tasks go first
 * ```
 */
export type Request =
  | readonly ['recv', Pollable]
  | readonly ['send', Pollable]
  | readonly ['future', Eventual]
  | readonly ['sleep', number]

/** The body of a task, or a part of one to be called by `yield*`: makes requests, and in the end returns a `T`. */
export type Requests<T> = Generator<Request, T, void>

// Beyond this, setTimeout fires at once:
// https://nodejs.org/docs/latest-v20.x/api/timers.html#settimeoutcallback-delay-args
const LONGEST_SLEEP = 2 ** 31 - 1

/** Throws a TypeError that shows what was yielded and what may be, unless it is a request. */
export function checkRequest(request: unknown): asserts request is Request {
  if (Array.isArray(request) && request.length === 2 && isAnswerable(request[0], request[1])) return
  throw new TypeError(
    `cannot wait for ${inspect(request, { depth: 0, breakLength: Infinity })}${hint(request)}: yield one of ` +
      `['recv', socket], ['send', socket], ['future', future], ['sleep', ms of 0 to ${LONGEST_SLEEP}]`,
  )
}

/** The request in words, for reports: `recv on 127.0.0.1:25000`. */
export function describe(request: Request): string {
  switch (request[0]) {
    case 'recv':
    case 'send':
      return `${request[0]} on ${request[1].name}`
    case 'future':
      return request[1].name
    case 'sleep':
      return `sleep of ${request[1]} ms`
  }
}

function isAnswerable(kind: unknown, what: unknown): boolean {
  switch (kind) {
    case 'recv':
    case 'send':
      return hasMethod(what, 'whenReady')
    case 'future':
      return hasMethod(what, 'whenDone')
    case 'sleep':
      return typeof what === 'number' && what >= 0 && what <= LONGEST_SLEEP
    default:
      return false
  }
}

function hint(yielded: unknown): string {
  if (hasMethod(yielded, 'next')) return ' (did you mean yield*?)'
  if (hasMethod(yielded, 'then')) return " (did you mean ['future', Future.from(promise)]?)"
  return ''
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof (value as Record<string, unknown> | null | undefined)?.[name] === 'function'
}

/**
 * Theory of operation: what node keeps inside of its sockets.
 *
 * A handle is the system's connection as node's C++ has it. Handles are not public, but what is used of them here has been the same
 * for years, with one exception: how node asks one to write. Up to Node 24 it hands over an object for the request, since Node 26 the
 * handle makes one where it needs it. Whoever guessed that wrong would end the process or lose bytes; so what node
 * itself passes to a handle is looked at, once, with one that is none.
 */
import { Socket as NodeSocket } from 'node:net'
import type { Piece } from './wire.ts'

/** What is kept of a write that is under way. */
export interface WriteRequest {
  /** Called with the request as `this`, and 0 or the system's error, a negative number. */
  oncomplete: ((this: WriteRequest, status: number) => void) | null
  /** Since Node 26: what it would have been called with, if that was over before it could be set. */
  writeStatus?: number | null
  /** Whom it concerns, if anybody. */
  handle?: Handle
  /** The system reads from them until then. */
  pieces?: readonly Piece[]
}

/** Answers 0 or the system's error, a negative number; or with the request, where the handle makes those. */
type Write<T extends unknown[]> = (request: WriteRequest | null, ...what: T) => number | WriteRequest

type AskForName = (answer: { address?: string; port?: number }) => number

/** What is used of one. */
export interface Handle {
  /** Called when something came: bytes, which are in the buffer that the handle was told to use; the end; or an error. */
  onread: (this: Handle, bytes?: ArrayBuffer) => unknown
  /** Node's own note of whether it reads. */
  reading?: boolean
  readonly bytesRead: number
  /** What was to be written and has not left. */
  readonly writeQueueSize: number
  useUserBuffer(buffer: Uint8Array): void
  readStart(): number
  readStop(): number
  readonly writeBuffer: Write<[bytes: Uint8Array]>
  readonly writeUtf8String: Write<[text: string]>
  readonly writev: Write<[pieces: readonly unknown[], allBytes: boolean]>
  // Those of TCP.
  setNoDelay?(on: boolean): number
  setKeepAlive?(on: boolean, afterSeconds: number): number
  readonly getsockname?: AskForName
  readonly getpeername?: AskForName
}

/** That of a socket of node, while it is open. */
export function handleOf(socket: NodeSocket): Partial<Handle> | null {
  return (socket as unknown as { readonly _handle?: Partial<Handle> | null })._handle ?? null
}

/** Makes what is to be passed to a handle for a write. */
type MakeRequest = () => WriteRequest | null

/** Undefined: nobody has looked yet. Null: it is not known. */
let makeRequest: MakeRequest | null | undefined

/** True if bytes can be read from it and written to it without a socket of node. */
export function isUsable(handle: Partial<Handle>): handle is Handle {
  if (typeof handle.bytesRead !== 'number' || typeof handle.writeQueueSize !== 'number' || !('onread' in handle))
    return false
  for (const verb of ['readStart', 'readStop', 'useUserBuffer', 'writeBuffer', 'writeUtf8String', 'writev'] as const)
    if (typeof handle[verb] !== 'function') return false
  if (makeRequest === undefined) makeRequest = observe()
  return makeRequest !== null
}

/** Has node write to a handle that only looks at what it is passed. */
function observe(): MakeRequest | null {
  let passed: readonly unknown[] = []
  const look = (...args: readonly unknown[]): number => {
    passed = args
    return 0
  }
  const handle = { writeUtf8String: look, close() {} }
  const socket = new NodeSocket({ handle, manualStart: true } as object)
  socket.on('error', () => {})
  socket.write('?')
  socket.destroy()
  const [request, text] = passed
  if (text !== '?') return null
  if (request === null) return () => null
  const Request = (request as object | undefined)?.constructor as (new () => WriteRequest) | undefined
  return Request?.name === 'WriteWrap' ? () => new Request() : null
}

/**
 * Writes the pieces in order. 0 if all has left; the system's error, a negative number; or what will call `completed` when they have.
 */
export function write(
  handle: Handle,
  pieces: readonly Piece[],
  completed: NonNullable<WriteRequest['oncomplete']>,
): number | WriteRequest {
  const made = (makeRequest as MakeRequest)()
  if (made !== null) made.oncomplete = completed
  const result = dispatch(handle, made, pieces)
  if (typeof result === 'number' && result !== 0) return result
  // Also where the request is not over yet: what it will tell is of no interest then.
  if (handle.writeQueueSize === 0) return 0
  const request = made ?? (result as WriteRequest)
  request.oncomplete = completed
  request.handle = handle
  request.pieces = pieces
  return request.writeStatus ?? request
}

function dispatch(handle: Handle, request: WriteRequest | null, pieces: readonly Piece[]): number | WriteRequest {
  const [first] = pieces as readonly [Piece]
  if (pieces.length === 1) {
    return typeof first === 'string' ? handle.writeUtf8String(request, first) : handle.writeBuffer(request, first)
  }
  if (pieces.every((piece) => typeof piece !== 'string')) return handle.writev(request, pieces, true)
  const encoded: unknown[] = []
  for (const piece of pieces) encoded.push(piece, typeof piece === 'string' ? 'utf8' : 'buffer')
  return handle.writev(request, encoded, false)
}

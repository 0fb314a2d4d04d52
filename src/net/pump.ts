import { fn } from '../core/index.ts'
import type { Stream } from './stream.ts'

/** How to pump. */
export interface PumpOptions {
  /** Whether `to` is ended when `from` has. True if left out. */
  readonly end?: boolean
}

/**
 * Copies what comes from `from` to `to`, as fast as the slower of them, until `from` ends; then ends `to`, whose other
 * direction goes on. Gives how many bytes it copied. A failure of either is thrown; a cancel loses no byte: what was not
 * written can be read again.
 *
 * ```ts
 * import { all, fn, run, spawn } from 'fibril'
 * import { connect, listen, pump, type Socket } from 'fibril/net'
 *
 * const proxy = (port: number) =>
 *   fn(function* (client: Socket) {
 *     const server = yield* connect({ port })
 *     yield* all([pump(client, server), pump(server, client)])
 *   })
 *
 * await run(function* () {
 *   const echo = yield* listen({ port: 0 })
 *   spawn(echo.serve((socket) => pump(socket, socket)))
 *   const front = yield* listen({ port: 0 })
 *   spawn(front.serve(proxy(echo.port)))
 *
 *   const client = yield* connect({ port: front.port })
 *   yield* client.write('through\n')
 *   console.log(yield* client.readLine()) // => through
 *   yield* client.close()
 *   yield* all([front.stop(), echo.stop()])
 * })
 * ```
 */
export const pump = fn(function* pump(from: Stream, to: Stream, options: PumpOptions = {}) {
  let copied = 0
  let chunk: Uint8Array | null = null
  try {
    while ((chunk = yield* from.read()) !== null) {
      yield* to.write(chunk)
      copied += chunk.length
      chunk = null
    }
  } finally {
    if (chunk !== null && !from.closed) from.unread(chunk)
  }
  if (options.end !== false) yield* to.end()
  return copied
})

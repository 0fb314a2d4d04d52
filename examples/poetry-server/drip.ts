import { all, fn, sleep } from 'fibril'
import { type Server, type Socket, type Stream, serve } from 'fibril/net'

/** How fast. */
export interface Pace {
  /** So many bytes at a time. */
  readonly bytes: number
  /** A time is so many milliseconds. */
  readonly ms: number
}

/** Drips a poem to one reader. That looks as if it kept everybody waiting, and keeps nobody: each reader has a task of its own. */
export const drip = fn(function* (reader: Stream, poem: Uint8Array, { bytes, ms }: Pace) {
  for (let at = 0; at < poem.length; at += bytes) {
    if (at > 0) yield* sleep(ms)
    yield* reader.write(poem.subarray(at, at + bytes))
  }
})

/** Drips each poem on a port of its own, from `port` on; with 0, on any that are free. Ends when all servers were stopped. */
export const servePoems = fn(function* (
  poems: Readonly<Record<string, string>>,
  port: number,
  pace: Pace,
  onListen: (name: string, server: Server<Socket>) => void,
) {
  const servers = Object.entries(poems).map(([name, text], i) => {
    const poem = Buffer.from(text)
    return serve((reader) => drip(reader, poem, pace), {
      port: port === 0 ? 0 : port + i,
      onListen: (server) => onListen(name, server),
    })
  })
  yield* all(servers)
})

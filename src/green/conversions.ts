import type { Duplex, Readable, Writable } from 'node:stream'
import type { ReadableStream, WritableStream } from 'node:stream/web'
import type { FromNodeOptions, FromWebOptions, ToWebPair, WebBytes, WebPair } from '../net/index.ts'
import * as net from '../net/index.ts'
import { type FaceOf, thingOf } from './face.ts'
import { type Stream, streamOf } from './net.ts'

type Shared = 'name' | 'closed' | 'close' | 'destroy' | 'stats' | typeof Symbol.dispose | typeof Symbol.asyncDispose

/** What can only be read: the reading verbs of a `Stream`. */
export type ByteSource = Pick<Stream, Shared | 'read' | 'readExactly' | 'readUntil' | 'readLine' | 'lines'>

/** What can only be written: the writing verbs of a `Stream`. */
export type ByteSink = Pick<Stream, Shared | 'write' | 'tryWrite' | 'flush' | 'end' | 'reset'>

/** What `fromNode` makes of a stream of node. */
export type FromNode<N> = N extends Duplex ? Stream : N extends Readable ? ByteSource : ByteSink

/**
 * A stream over one of node's, with all verbs: of a readable alone one that can only be read, of a writable alone one that can
 * only be written.
 *
 * ```ts green
 * import { Readable } from 'node:stream'
 * import { fromNode } from 'fibril/green'
 *
 * const lines = fromNode(Readable.from([Buffer.from('one\ntwo\n')], { objectMode: false }))
 * console.log(lines.readLine(), lines.readLine(), lines.readLine()) // prints: one two null
 * ```
 */
export function fromNode<N extends Duplex | Readable | Writable>(node: N, options?: FromNodeOptions): FromNode<N> {
  return streamOf(net.fromNode(node, options) as unknown as net.BufferedStream) as unknown as FromNode<N>
}

/** A stream as a `Duplex`, for whatever takes one of node's. */
export function toNode(stream: Stream): Duplex {
  return net.toNode(behind<net.Stream>(stream))
}

/** A stream over web streams: a pair, a `ReadableStream` or a `WritableStream`. */
export function fromWeb(pair: WebPair, options?: FromWebOptions): Stream
export function fromWeb(readable: ReadableStream<WebBytes>, options?: FromWebOptions): ByteSource
export function fromWeb(writable: WritableStream<Uint8Array>, options?: FromWebOptions): ByteSink
export function fromWeb(source: unknown, options?: FromWebOptions): unknown {
  return streamOf(net.fromWeb(source as WebPair, options) as net.BufferedStream)
}

/** A stream as a pair of web streams. */
export function toWeb(stream: Stream): ToWebPair {
  return net.toWeb(behind<net.Stream>(stream))
}

/** What can be read as a `ReadableStream`; at the end, and by a cancel, it is closed. */
export function toWebReadable(source: ByteSource): ReadableStream<Uint8Array> {
  return net.toWebReadable(behind<net.ByteSource>(source))
}

/** What can be written as a `WritableStream`; closing that closes it. */
export function toWebWritable(sink: ByteSink): WritableStream<Uint8Array | string> {
  return net.toWebWritable(behind<net.ByteSink>(sink))
}

function behind<X extends object>(face: object): X {
  return thingOf(face as FaceOf<X>)
}

// Framings as their users see them: what comes in, what goes out, and which fit together.
import {
  Decoder,
  decodeAtEnd,
  type Framing,
  LineFraming,
  MORE,
  NetstringFraming,
  RawFraming,
  type ReceiveBuffer,
} from 'fibril/protocol'
import type { Equal, Expect } from './expect.ts'

interface Command {
  readonly name: string
}

declare const commands: Framing<Command>
declare const orders: Framing<Command, string>
declare const ofNode: ReceiveBuffer<Buffer>

// A framing asks for any buffer; what a buffer of Node's gives is theirs.
const command = commands.decode(ofNode)
const last = decodeAtEnd(orders, ofNode)
const taken = ofNode.take(1)
const viewed = ofNode.view()
const peeked = ofNode.peek(1, (bytes, start, end) => bytes.toString('utf8', start, end))

// A decoder takes no interest in what a framing writes.
const lines = new Decoder(new LineFraming())
const decoder = new Decoder(commands)
decoder.switchTo(orders)
const next = decoder.next()
const pushed = decoder.push(new Uint8Array())

// One that switches between framings gives what any of them does.
const mixed = new Decoder<Uint8Array | Command>(new NetstringFraming())
mixed.switchTo(commands)
mixed.switchTo(new RawFraming(5), new Uint8Array())
// @ts-expect-error: its messages are not those of the decoder
decoder.switchTo(new RawFraming())

// Text may be written where bytes are read.
new LineFraming().encode('text')
new LineFraming().encode(new Uint8Array())
// @ts-expect-error: numbers are no bytes
new NetstringFraming().encode(5)
commands.encode({ name: 'go' })
// @ts-expect-error: what is written need not be what is read
orders.encode({ name: 'go' })

const upper: Framing<string> = {
  decode: (buffer) => (buffer.length === 0 ? MORE : String.fromCharCode(buffer.take(1)[0] ?? 0)),
  encode: (letter) => letter,
}

export type Cases = [
  Expect<Equal<typeof command, Command | typeof MORE>>,
  Expect<Equal<typeof last, Command | typeof MORE>>,
  Expect<Equal<typeof taken, Buffer>>,
  Expect<Equal<typeof viewed, Buffer>>,
  Expect<Equal<typeof peeked, string>>,
  Expect<Equal<typeof lines, Decoder<Uint8Array>>>,
  Expect<Equal<typeof next, Command | typeof MORE>>,
  Expect<Equal<typeof pushed, Iterable<Command>>>,
  Expect<Equal<ReturnType<typeof upper.decode>, string | typeof MORE>>,
]

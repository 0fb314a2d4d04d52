import assert from 'node:assert/strict'
import {
  Int8StringReceiver,
  Int16StringReceiver,
  Int32StringReceiver,
  type IntNStringReceiver,
  NetstringReceiver,
  StringTooLongError,
  StringTransport,
} from '../../../src/twisted/index.ts'
import { it } from '../../support/it.ts'
import { feed, forEachChunkSize, give } from './chunks.ts'

class Netstrings extends NetstringReceiver {
  readonly heard: string[] = []
  stringReceived(string: Buffer): void {
    this.heard.push(String(string))
    if (String(string) === 'quit') this.transport.loseConnection()
  }
}

it('a NetstringReceiver gives the same strings however the bytes are cut, the empty one too', () => {
  const text = '5:hello,0:,12:with , and :,'
  forEachChunkSize(text.length, (size) => {
    const netstrings = new Netstrings()
    const transport = feed(netstrings, text, size)
    assert.deepEqual(netstrings.heard, ['hello', '', 'with , and :'], `in pieces of ${size}`)
    assert.equal(transport.disconnecting, false)
  })
})

it('what breaks the grammar of netstrings loses the connection, sets brokenPeer and throws nothing', () => {
  for (const text of ['05:hello,', ':,', 'hello', '5hello,', '5:hello;', '-1:,', '00:,', '9999999999:']) {
    forEachChunkSize(text.length, (size) => {
      const netstrings = new Netstrings()
      const transport = feed(netstrings, `2:ok,${text}`, size)
      assert.deepEqual(netstrings.heard, ['ok'], text)
      assert.deepEqual([transport.disconnecting, netstrings.brokenPeer], [true, true], text)
      give(netstrings, '3:not,')
      assert.deepEqual(netstrings.heard, ['ok'], 'nothing after it is believed')
    })
  }
})

it('a netstring may have MAX_LENGTH bytes, which is 99999, and no more', () => {
  assert.equal(new Netstrings().MAX_LENGTH, 99_999)
  const netstrings = new Netstrings()
  netstrings.MAX_LENGTH = 5
  const transport = feed(netstrings, '5:hello,')
  assert.deepEqual([netstrings.heard, transport.disconnecting], [['hello'], false])
  give(netstrings, '6:')
  assert.equal(transport.disconnecting, true)
})

it('netstrings after loseConnection are not delivered', () => {
  const netstrings = new Netstrings()
  feed(netstrings, '4:quit,3:not,')
  assert.deepEqual(netstrings.heard, ['quit'])
})

it('sendString writes a netstring, whose length counts bytes', () => {
  const netstrings = new Netstrings()
  const transport = new StringTransport()
  netstrings.makeConnection(transport)
  netstrings.sendString('grüße')
  netstrings.sendString(Buffer.from('ab'))
  assert.equal(String(transport.value()), '7:grüße,2:ab,')
})

/** What all three sizes are told, and how. */
interface Heard {
  readonly heard: string[]
  exceeded: number[]
  on: (self: IntNStringReceiver, string: string) => unknown
}

class Int8 extends Int8StringReceiver implements Heard {
  readonly heard: string[] = []
  exceeded: number[] = []
  on: Heard['on'] = () => undefined
  stringReceived(string: Buffer): void {
    this.heard.push(String(string))
    this.on(this, String(string))
  }
}

class Int16 extends Int16StringReceiver implements Heard {
  readonly heard: string[] = []
  exceeded: number[] = []
  on: Heard['on'] = () => undefined
  stringReceived(string: Buffer): void {
    this.heard.push(String(string))
    this.on(this, String(string))
  }
}

class Int32 extends Int32StringReceiver implements Heard {
  readonly heard: string[] = []
  exceeded: number[] = []
  whenExceeded: (self: Int32) => void = (self) => self.transport.loseConnection()
  on: Heard['on'] = () => undefined
  stringReceived(string: Buffer): void {
    this.heard.push(String(string))
    this.on(this, String(string))
  }
  override lengthLimitExceeded(length: number): void {
    this.exceeded.push(length)
    this.whenExceeded(this)
  }
}

const sizes = [
  [8, () => new Int8()],
  [16, () => new Int16()],
  [32, () => new Int32()],
] as const

function encoded(bits: number, ...strings: string[]): Buffer {
  return Buffer.concat(
    strings.flatMap((string) => {
      const prefix = Buffer.alloc(bits / 8)
      prefix.writeUIntBE(Buffer.byteLength(string), 0, bits / 8)
      return [prefix, Buffer.from(string)]
    }),
  )
}

for (const [bits, make] of sizes) {
  it(`an Int${bits}StringReceiver gives the same strings however the bytes are cut, the empty one too`, () => {
    const bytes = encoded(bits, 'hello', '', 'grüße', 'x')
    forEachChunkSize(bytes.length, (size) => {
      const receiver = make()
      feed(receiver, bytes, size)
      assert.deepEqual(receiver.heard, ['hello', '', 'grüße', 'x'], `in pieces of ${size}`)
    })
  })

  it(`sendString of ${bits} bits writes the length, the highest byte first`, () => {
    const receiver = make()
    const transport = new StringTransport()
    receiver.makeConnection(transport)
    receiver.sendString('grüße')
    receiver.sendString(Buffer.from('b'))
    assert.deepEqual(transport.value(), encoded(bits, 'grüße', 'b'))
  })

  it(`strings of ${bits} bits wait while paused, and strings after loseConnection are not delivered`, () => {
    const receiver = make()
    receiver.on = (self, string) => {
      if (string === 'pause') self.pauseProducing()
      if (string === 'quit') self.transport.loseConnection()
    }
    feed(receiver, encoded(bits, 'pause', 'a', 'quit', 'not'))
    assert.deepEqual(receiver.heard, ['pause'])
    receiver.resumeProducing()
    assert.deepEqual(receiver.heard, ['pause', 'a', 'quit'])
  })
}

it('a string of 2^(8n) bytes or more is a StringTooLongError for who sends it', () => {
  for (const [bits, make] of sizes.slice(0, 2)) {
    const receiver = make()
    const transport = new StringTransport()
    receiver.makeConnection(transport)
    receiver.sendString(Buffer.alloc(2 ** bits - 1))
    transport.clear()
    assert.throws(() => receiver.sendString(Buffer.alloc(2 ** bits)), StringTooLongError)
    assert.equal(transport.value().length, 0)
  }
})

it('a length above MAX_LENGTH, which is 99999, is told to lengthLimitExceeded, and the message is kept', () => {
  assert.equal(new Int32().MAX_LENGTH, 99_999)
  const bytes = encoded(32, 'ok', 'too long', 'not')
  forEachChunkSize(bytes.length, (size) => {
    const receiver = new Int32()
    receiver.MAX_LENGTH = 5
    const transport = feed(receiver, bytes, size)
    assert.deepEqual(receiver.heard, ['ok'])
    assert.equal(receiver.exceeded[0], 8)
    assert.equal(transport.disconnecting, true)
    assert.deepEqual(receiver.recvd, encoded(32, 'too long', 'not'))
  })
})

it('messages that were delivered are not delivered again when more comes after lengthLimitExceeded', () => {
  const receiver = new Int32()
  receiver.MAX_LENGTH = 5
  receiver.whenExceeded = () => {}
  feed(receiver, encoded(32, 'one', 'two', 'too long'))
  give(receiver, encoded(32, 'three'))
  assert.deepEqual(
    [receiver.heard, receiver.exceeded],
    [
      ['one', 'two'],
      [8, 8],
    ],
  )
})

it('recvd may be set in stringReceived: that goes on from there', () => {
  const receiver = new Int32()
  receiver.on = (self, string) => {
    if (string === 'switch') self.recvd = encoded(32, 'new', 'bytes')
  }
  feed(receiver, encoded(32, 'a', 'switch', 'old'))
  assert.deepEqual(receiver.heard, ['a', 'switch', 'new', 'bytes'])
})

it('recvd may be set in lengthLimitExceeded, to go on after the message that is too long', () => {
  const receiver = new Int32()
  receiver.MAX_LENGTH = 5
  receiver.whenExceeded = (self) => {
    self.recvd = self.recvd.subarray(4 + 8)
  }
  feed(receiver, encoded(32, 'too long', 'ok'))
  assert.deepEqual(receiver.heard, ['ok'])
})

it('recvd is what has come and was not delivered', () => {
  const receiver = new Int16()
  const rests: string[] = []
  receiver.on = (self) => {
    rests.push(self.recvd.toString('latin1'))
  }
  feed(receiver, encoded(16, 'a', 'b'))
  assert.deepEqual(rests, ['\0\x01b', ''])
})

it('bytes that are injected inside stringReceived come after all that has come', () => {
  const receiver = new Int8()
  receiver.on = (self, string) => {
    if (string === 'inj') self.dataReceived(encoded(8, 'INJ'))
  }
  feed(receiver, encoded(8, 'inj', 'b'))
  assert.deepEqual(receiver.heard, ['inj', 'b', 'INJ'])
})

it('100,000 strings in one chunk, and a megabyte in pieces of 16 bytes, cost time in their length', () => {
  const many = new Int16()
  feed(many, Buffer.concat(Array.from({ length: 100_000 }, () => encoded(16, 'text'))))
  assert.equal(many.heard.length, 100_000)
  const long = new Int32()
  long.MAX_LENGTH = 2_000_000
  feed(long, encoded(32, 'x'.repeat(1_000_000)), 16)
  assert.equal(long.heard[0]?.length, 1_000_000)
  const netstring = new Netstrings()
  netstring.MAX_LENGTH = 2_000_000
  feed(netstring, `1000000:${'x'.repeat(1_000_000)},`, 16)
  assert.equal(netstring.heard[0]?.length, 1_000_000)
})

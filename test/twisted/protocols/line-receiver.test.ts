import assert from 'node:assert/strict'
import { LineOnlyReceiver, LineReceiver, StringTransport, succeed } from '../../../src/twisted/index.ts'
import { it } from '../../support/it.ts'
import { feed, forEachChunkSize, give } from './chunks.ts'

/** Notes what it is told; `on` may do something with a line. */
class Lines extends LineReceiver {
  readonly heard: string[] = []
  readonly on: (lines: Lines, line: string) => unknown

  constructor(on: (lines: Lines, line: string) => unknown = () => undefined) {
    super()
    this.on = on
  }

  lineReceived(line: Buffer): unknown {
    this.heard.push(String(line))
    return this.on(this, String(line))
  }

  override rawDataReceived(data: Buffer): unknown {
    this.heard.push(`raw ${data}`)
    return undefined
  }
}

it('a LineReceiver gives the same lines however the bytes are cut, without their delimiter', () => {
  const text = 'first\r\n\r\nwith \r and \n in it\r\nlast\r\nunended'
  forEachChunkSize(text.length, (size) => {
    const lines = new Lines()
    feed(lines, text, size)
    assert.deepEqual(lines.heard, ['first', '', 'with \r and \n in it', 'last'], `in pieces of ${size}`)
  })
})

it('a delimiter may be any text or bytes, and may be changed between two lines', () => {
  for (const delimiter of ['END', Buffer.from('END')]) {
    const lines = new Lines((self) => {
      self.delimiter = '\n'
    })
    lines.delimiter = delimiter
    feed(lines, 'oneENDtwo\nthreeEND\n')
    assert.deepEqual(lines.heard, ['one', 'two', 'threeEND'])
  }
})

it('a true result of lineReceived stops the delivery of what has come', () => {
  const lines = new Lines((_, line) => line === 'stop')
  feed(lines, 'go\r\nstop\r\nnever\r\n')
  assert.deepEqual(lines.heard, ['go', 'stop'])
  give(lines, 'more\r\n')
  assert.deepEqual(lines.heard, ['go', 'stop', 'never', 'more'])
})

it('a Deferred or promise that lineReceived returns stops nothing', () => {
  const lines = new Lines((_, line) => (line === 'a' ? succeed(1) : Promise.resolve()))
  feed(lines, 'a\r\nb\r\n')
  assert.deepEqual(lines.heard, ['a', 'b'])
})

it('nothing is delivered after loseConnection', () => {
  const lines = new Lines((self) => self.transport.loseConnection())
  feed(lines, 'quit\r\nignored\r\n')
  assert.deepEqual(lines.heard, ['quit'])
})

it('a line may have MAX_LENGTH bytes, whether its end has come in part or not', () => {
  const line = '0123456789'
  forEachChunkSize(line.length + 2, (size) => {
    const lines = new Lines()
    lines.MAX_LENGTH = 10
    const transport = feed(lines, `${line}\r\n`, size)
    assert.deepEqual([lines.heard, transport.disconnecting], [[line], false], `in pieces of ${size}`)
  })
})

it('a line that is longer than MAX_LENGTH loses the connection, unended as soon as it has MAX_LENGTH bytes and a delimiter’s more', () => {
  const lines = new Lines()
  lines.MAX_LENGTH = 10
  const transport = feed(lines, '01234567890')
  assert.equal(transport.disconnecting, false)
  give(lines, '1')
  assert.equal(transport.disconnecting, true)
  const ended = new Lines()
  ended.MAX_LENGTH = 10
  assert.equal(feed(ended, '01234567890\r\n').disconnecting, true)
  assert.deepEqual(ended.heard, [])
})

it('lineLengthExceeded is given the long line and all that came after it, which are gone from the buffer', () => {
  class Long extends Lines {
    override lineLengthExceeded(line: Buffer): void {
      this.heard.push(`long ${line}`)
    }
  }
  const lines = new Long()
  lines.MAX_LENGTH = 5
  feed(lines, 'short\r\nmuch too long\r\nrest\r\nmore')
  assert.deepEqual(lines.heard, ['short', 'long much too long\r\nrest\r\nmore'])
  give(lines, 'after\r\n')
  assert.deepEqual(lines.heard.slice(2), ['after'])
})

it('setRawMode gives the rest of the chunk to rawDataReceived in one piece, and setLineMode parses what was too much', () => {
  class Put extends LineReceiver {
    readonly heard: string[] = []
    left = 0

    lineReceived(line: Buffer): void {
      this.heard.push(`line ${line}`)
      const [verb, count] = String(line).split(' ')
      if (verb !== 'put') return
      this.left = Number(count)
      this.setRawMode()
    }

    override rawDataReceived(data: Buffer): void {
      const taken = data.subarray(0, this.left)
      this.left -= taken.length
      this.heard.push(`raw ${taken}`)
      if (this.left === 0) this.setLineMode(data.subarray(taken.length))
    }
  }
  const text = 'put 3\r\nabcget\r\nput 2\r\n\r\nend\r\n'
  const whole = new Put()
  feed(whole, text)
  assert.deepEqual(whole.heard, ['line put 3', 'raw abc', 'line get', 'line put 2', 'raw \r\n', 'line end'])
  forEachChunkSize(text.length, (size) => {
    const put = new Put()
    feed(put, text, size)
    const lines = put.heard.filter((said) => said.startsWith('line'))
    const raw = put.heard.filter((said) => said.startsWith('raw')).map((said) => said.slice(4))
    assert.deepEqual(lines, ['line put 3', 'line get', 'line put 2', 'line end'], `in pieces of ${size}`)
    assert.equal(raw.join(''), 'abc\r\n')
  })
})

it('the mode may be switched any number of times in one chunk, in constant stack', () => {
  class Flip extends LineReceiver {
    flips = 0

    lineReceived(): void {
      this.setRawMode()
    }

    override rawDataReceived(data: Buffer): void {
      this.flips++
      this.setLineMode(data)
    }
  }
  const flip = new Flip()
  feed(flip, 'x\r\n'.repeat(100_000))
  assert.equal(flip.flips, 99_999)
})

it('clearLineBuffer takes what has come and was not delivered, also inside lineReceived', () => {
  const cleared: string[] = []
  const lines = new Lines((self) => {
    cleared.push(String(self.clearLineBuffer()))
  })
  feed(lines, 'a\r\nb\r\nc')
  assert.deepEqual([lines.heard, cleared], [['a'], ['b\r\nc']])
  assert.equal(String(lines.clearLineBuffer()), '')
})

it('while it is paused nothing is delivered and bytes are kept; resumeProducing delivers them at once', () => {
  const lines = new Lines((self, line) => {
    if (line === 'pause') self.pauseProducing()
  })
  const transport = feed(lines, 'a\r\npause\r\nb\r\n')
  assert.deepEqual(lines.heard, ['a', 'pause'])
  assert.equal(transport.producerState, 'paused')
  give(lines, 'c\r\nd')
  assert.deepEqual(lines.heard, ['a', 'pause'])
  lines.resumeProducing()
  assert.equal(transport.producerState, 'producing')
  assert.deepEqual(lines.heard, ['a', 'pause', 'b', 'c'])
})

it('pause and resume inside lineReceived go on with the next line, not inside this one', () => {
  let inside = 0
  let deepest = 0
  const lines = new Lines((self) => {
    deepest = Math.max(deepest, ++inside)
    self.pauseProducing()
    self.resumeProducing()
    inside--
  })
  feed(lines, 'a\r\nb\r\nc\r\n')
  assert.deepEqual([lines.heard, deepest], [['a', 'b', 'c'], 1])
})

it('raw mode can be paused, too', () => {
  const lines = new Lines((self) => {
    self.setRawMode()
    self.pauseProducing()
  })
  feed(lines, 'head\r\nbody')
  assert.deepEqual(lines.heard, ['head'])
  lines.resumeProducing()
  assert.deepEqual(lines.heard, ['head', 'raw body'])
})

it('bytes that are injected inside lineReceived come after all that has come', () => {
  const lines = new Lines((self, line) => {
    if (line === 'inj') self.dataReceived(Buffer.from('INJ\n'))
  })
  lines.delimiter = '\n'
  feed(lines, 'inj\nb\n')
  assert.deepEqual(lines.heard, ['inj', 'b', 'INJ'])
})

it('what lineReceived throws comes out, and the next bytes go on after that line', () => {
  const lines = new Lines((_, line) => {
    if (line === 'bad') throw new Error('no')
  })
  assert.throws(() => feed(lines, 'bad\r\ngood\r\n'), /no/)
  give(lines, '\r\n')
  assert.deepEqual(lines.heard, ['bad', 'good', ''])
})

it('raw mode without rawDataReceived says what is missing', () => {
  class Forgetful extends LineReceiver {
    lineReceived(): void {
      this.setRawMode()
    }
  }
  assert.throws(() => feed(new Forgetful(), 'a\r\nb'), /Forgetful went into raw mode, but has no rawDataReceived/)
})

it('sendLine writes the line and the delimiter', () => {
  const lines = new Lines()
  const transport = new StringTransport()
  lines.makeConnection(transport)
  lines.sendLine('grüße')
  lines.sendLine(Buffer.from('bytes'))
  assert.equal(String(transport.value()), 'grüße\r\nbytes\r\n')
})

it('a megabyte of short lines in one chunk costs time in its length: each byte is looked at once', () => {
  class Count extends LineReceiver {
    lines = 0
    lineReceived(): void {
      this.lines++
    }
  }
  const count = new Count()
  feed(count, 'line\r\n'.repeat(175_000))
  assert.equal(count.lines, 175_000)
})

it('a long line in pieces of 16 bytes costs time in its length', () => {
  const lines = new Lines()
  lines.MAX_LENGTH = 2_000_000
  feed(lines, `${'x'.repeat(1_000_000)}\r\n`, 16)
  assert.equal(lines.heard[0]?.length, 1_000_000)
})

class Only extends LineOnlyReceiver {
  readonly heard: string[] = []
  keep = false

  lineReceived(line: Buffer): void {
    this.heard.push(String(line))
    if (String(line) === 'quit') this.transport.loseConnection()
  }

  override lineLengthExceeded(line: Buffer): void {
    this.heard.push(`long ${line}`)
    if (!this.keep) super.lineLengthExceeded(line)
  }
}

it('a LineOnlyReceiver gives the same lines however the bytes are cut', () => {
  const text = 'a\r\n\r\nbc\r\nunended'
  forEachChunkSize(text.length, (size) => {
    const only = new Only()
    feed(only, text, size)
    assert.deepEqual(only.heard, ['a', '', 'bc'])
  })
})

it('a LineOnlyReceiver drops the remaining lines of a packet after disconnecting', () => {
  const only = new Only()
  feed(only, 'a\r\nquit\r\nignored\r\n')
  assert.deepEqual(only.heard, ['a', 'quit'])
})

it('a LineOnlyReceiver gives a line that is too long, or as much of it as has come, to lineLengthExceeded', () => {
  for (const text of ['123456\r\n', '123456']) {
    const only = new Only()
    only.MAX_LENGTH = 5
    assert.equal(feed(only, text).disconnecting, true)
    assert.deepEqual(only.heard, ['long 123456'])
  }
  const kept = new Only()
  kept.keep = true
  kept.MAX_LENGTH = 5
  feed(kept, '12345\r\n123456\r\nok\r\n')
  assert.deepEqual(kept.heard, ['12345', 'long 123456', 'ok'])
})

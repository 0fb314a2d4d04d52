import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deserialize, serialize } from 'bson'
import { flag, MAX_MESSAGE_BYTES, type Message, MessageFraming } from '../../examples/mongo/wire.ts'
import { Decoder, FramingError } from '../../src/protocol/index.ts'

const message: Message = {
  requestId: 7,
  responseTo: 3,
  flags: 0,
  body: serialize({ insert: 'poems', $db: 'test' }),
  sequences: [
    { name: 'documents', documents: [serialize({ _id: 1, title: 'Ozymandias' }), serialize({ _id: 2 })] },
    { name: 'none', documents: [] },
  ],
}
const bytes = Buffer.concat(new MessageFraming().encode(message))

const decoder = (maxLength?: number) => new Decoder(new MessageFraming(maxLength))
const plain = ({ body, sequences, ...rest }: Message) => ({
  ...rest,
  body: deserialize(body),
  sequences: sequences.map(({ name, documents }) => ({ name, documents: documents.map((one) => deserialize(one)) })),
})

test('the same messages come out of the same bytes, however they are cut', () => {
  const two = Buffer.concat([bytes, bytes])
  for (let size = 1; size <= two.length; size++) {
    const pipe = decoder()
    const heard: Message[] = []
    for (let at = 0; at < two.length; at += size) heard.push(...pipe.push(two.subarray(at, at + size)))
    assert.deepEqual(heard.map(plain), [plain(message), plain(message)], `cut into pieces of ${size}`)
  }
})

test('a message that is encoded again has the same bytes', () => {
  const [decoded] = [...decoder().push(bytes)]
  assert.deepEqual(Buffer.concat(new MessageFraming().encode(decoded!)), bytes)
})

test('a checksum is no section', () => {
  const summed = Buffer.concat([bytes, Buffer.from([1, 2, 3, 4])])
  summed.writeInt32LE(summed.length, 0)
  summed.writeUInt32LE(flag.checksumPresent | flag.exhaustAllowed, 16)
  const [decoded] = [...decoder().push(summed)]
  assert.deepEqual(plain(decoded!).sequences, plain(message).sequences)
})

test('fewer bytes than a header are waited for, as is a message that has not all come', () => {
  assert.deepEqual([...decoder().push(bytes.subarray(0, 15))], [])
  assert.deepEqual([...decoder().push(bytes.subarray(0, bytes.length - 1))], [])
})

/** The message with something overwritten. */
function broken(write: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes)
  write(copy)
  return copy
}
const bodyAt = 16 + 4 + 1
const sequenceAt = bodyAt + message.body.length
for (const [what, wrong, said, fault] of [
  ['a length of less than its header', broken((b) => b.writeInt32LE(15, 0)), /15 bytes, but its header/, 'malformed'],
  ['a negative length', broken((b) => b.writeInt32LE(-1, 0)), /-1 bytes/, 'malformed'],
  ['a length of less than any OP_MSG', broken((b) => b.writeInt32LE(20, 0)), /an OP_MSG has at least 26/, 'malformed'],
  ['a length beyond all limits', broken((b) => b.writeInt32LE(0x7fffffff, 0)), /longer than 48000000/, 'too long'],
  ['an opcode of old', broken((b) => b.writeInt32LE(1, 12)), /opcode 1 \(OP_REPLY\)/, 'malformed'],
  ['compression that was not agreed on', broken((b) => b.writeInt32LE(2012, 12)), /OP_COMPRESSED/, 'malformed'],
  ['an opcode that nobody knows', broken((b) => b.writeInt32LE(77, 12)), /opcode 77 \(which is unknown\)/, 'malformed'],
  ['a flag that nobody knows', broken((b) => b.writeUInt32LE(4, 16)), /flags that nobody knows: 0x4/, 'malformed'],
  ['a kind of section that nobody knows', broken((b) => b.writeUInt8(9, 20)), /section of kind 9/, 'malformed'],
  ['a body that is longer than its message', broken((b) => b.writeInt32LE(5000, bodyAt)), /5000 bytes by/, 'malformed'],
  ['a body of no length', broken((b) => b.writeInt32LE(0, bodyAt)), /0 bytes by its own account/, 'malformed'],
  ['two bodies', broken((b) => b.writeUInt8(0, sequenceAt)), /two bodies/, 'malformed'],
  ['no body', broken((b) => b.writeUInt8(1, 20)), /./, 'malformed'],
  ['a sequence without a name', broken((b) => b.fill(1, sequenceAt + 5)), /a name without an end/, 'malformed'],
  [
    'an HTTP server',
    Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    /opcode 1684095520 \(which is unknown\)/,
    'malformed',
  ],
] as const) {
  test(`${what} is an error as soon as it can be seen, and says what is wrong`, () => {
    assert.throws(
      () => [...decoder().push(wrong)],
      (error) => error instanceof FramingError && said.test(error.message) && error.fault === fault,
    )
  })
}

test('no random bytes get through as anything but an error, and all errors are those of a framing', () => {
  let seed = 1
  const random = () => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0)
  for (let i = 0; i < 5000; i++) {
    const copy = Buffer.from(bytes)
    for (let n = random() % 4; n >= 0; n--) copy[random() % copy.length] = random() >>> 8
    try {
      for (const { body, sequences } of decoder(1000).push(copy)) {
        assert.ok(body.length >= 5 && body.length < copy.length)
        assert.ok(sequences.every(({ documents }) => documents.every((one) => one.length >= 5)))
      }
    } catch (error) {
      assert.ok(error instanceof FramingError, String(error))
    }
  }
})

test('a message of 16 MB in pieces of a kilobyte comes out whole, and in linear time', () => {
  const big = Buffer.concat(
    new MessageFraming().encode({ ...message, sequences: [], body: serialize({ text: 'x'.repeat(16_000_000) }) }),
  )
  const pipe = decoder()
  const heard: Message[] = []
  for (let at = 0; at < big.length; at += 1024) heard.push(...pipe.push(big.subarray(at, at + 1024)))
  assert.equal(heard.length, 1)
})

test('a message that is too long is refused before it is sent', () => {
  assert.throws(() => new MessageFraming(100).encode(message), /longer than 100: send less/)
  assert.equal(new MessageFraming().maxLength, MAX_MESSAGE_BYTES)
})

import assert from 'node:assert/strict'
import { type ChildProcess, spawn as startProcess } from 'node:child_process'
import { on, once } from 'node:events'
import net from 'node:net'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ask } from '../../examples/fib/client.ts'
import { latencies } from '../../examples/fib/perf1.ts'
import { rates } from '../../examples/fib/perf2.ts'
import { serveFib } from '../../examples/fib/server.ts'
import { all, type Body, Future, fn, spawn, wait } from '../../src/core/index.ts'
import { connect, type Server, type Socket } from '../../src/net/index.ts'
import { it } from '../support/it.ts'

const REFUSAL = 'error: send a whole number from 0 to 30'

/** A test with the real service, of numbers up to 30, which must still serve a client that was there all along. */
function withService(title: string, body: (port: number) => Body<void>): void {
  it(title, function* () {
    const listening = new Future<Server<Socket>>('the service to listen')
    const serving = spawn(serveFib({ port: 0, largest: 30, onListen: (server) => listening.resolve(server) }))
    const server = yield* listening
    using good = yield* connect({ port: server.port })
    assert.equal(yield* ask(good, 10), 55)
    yield* body(server.port)
    assert.equal(yield* ask(good, 11), 89)
    yield* good.close()
    yield* server.stop()
    yield* serving
  })
}

it('computes in processes as well', function* () {
  const listening = new Future<Server<Socket>>('the service to listen')
  const onListen = (server: Server<Socket>): void => listening.resolve(server)
  const serving = spawn(serveFib({ port: 0, largest: 30, pool: 'processes', onListen }))
  const server = yield* listening
  using client = yield* connect({ port: server.port })
  assert.equal(yield* ask(client, 20), 6765)
  yield* client.close()
  yield* server.stop()
  yield* serving
})

/** All that the service answers to `pieces`, sent one by one, until it or the peer ends the connection. */
const say = fn(function* (port: number, ...pieces: (string | Uint8Array)[]): Body<string[]> {
  const peer = net.connect({ port, host: '127.0.0.1', noDelay: true })
  const answers = wait(allFrom(peer))
  for (const piece of pieces) {
    peer.write(piece)
    yield* wait(new Promise<void>((resolve) => setImmediate(resolve)))
  }
  peer.end()
  return (yield* answers).split('\n').slice(0, -1)
})

/** All that a peer is sent until the connection ends. */
async function allFrom(peer: net.Socket): Promise<string> {
  let text = ''
  peer.on('data', (data) => {
    text += data
  })
  await once(peer, 'close')
  return text
}

withService('answers a number with its Fibonacci number', function* (port) {
  assert.deepEqual(yield* say(port, '30\n'), ['832040'])
  assert.deepEqual(yield* say(port, '0\n', '1\r\n', '2\n'), ['0', '1', '1'])
})

withService(
  'what is no number from 0 to the largest is refused in a line, and the next one answered',
  function* (port) {
    for (const bad of ['abc', '-1', '1e9', '31', '', ' 7', '7 7', '0x10', '1.5', 'NaN', '٣', '9'.repeat(60)]) {
      assert.deepEqual(yield* say(port, `${bad}\n7\n`), [REFUSAL, '13'], JSON.stringify(bad))
    }
  },
)

withService('binary is refused like anything else', function* (port) {
  const garbage = Uint8Array.of(0, 255, 254, 128, 10, 200, 10)
  assert.deepEqual(yield* say(port, garbage, '7\n'), [REFUSAL, REFUSAL, '13'])
})

withService('a line that is too long is told so, and hung up on', function* (port) {
  const told = ['error: this line is too long for a number']
  assert.deepEqual(yield* say(port, `${'9'.repeat(100)}\n7\n`), told)
  assert.deepEqual(yield* say(port, '9'.repeat(100_000)), told)
})

withService('numbers are found however they were cut into packets', function* (port) {
  assert.deepEqual(yield* say(port, '7\n8\n'), ['13', '21'])
  assert.deepEqual(yield* say(port, '1', '0', '\r', '\n2', '\n'), ['55', '1'])
})

withService('half a number is none: a peer that vanishes amid a line gets no answer', function* (port) {
  assert.deepEqual(yield* say(port, '7\n1'), ['13'])
  const peer = net.connect(port, '127.0.0.1')
  peer.write('7\n1')
  yield* wait(once(peer, 'data'))
  peer.resetAndDestroy()
  yield* wait(once(peer, 'close'))
})

withService('a peer that vanishes while its number is computed harms nobody', function* (port) {
  const peer = net.connect(port, '127.0.0.1')
  peer.write('30\n')
  yield* wait(once(peer, 'connect'))
  peer.resetAndDestroy()
  yield* wait(once(peer, 'close'))
})

withService('many clients are served at once', function* (port) {
  const clients = Array.from({ length: 50 }, () => say(port, '25\n', '1\n'))
  for (const answers of yield* all(clients)) assert.deepEqual(answers, ['75025', '1'])
})

/** The service in a process of its own. */
async function startService(): Promise<{ service: ChildProcess; port: number; said: () => Promise<string> }> {
  const main = fileURLToPath(new URL('../../examples/fib/main.js', import.meta.url))
  const service = startProcess(process.execPath, [main, 'serve'], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = on(createInterface({ input: service.stdout! }), 'line')
  const said = async (): Promise<string> => String((await lines.next()).value)
  return { service, port: Number(/:(\d+)$/.exec(await said())?.[1]), said }
}

// Slow, these three: they start a process, and have it compute for a while.
test('on SIGINT it finishes what runs, hangs up on who waits, and ends with exit code 0', async () => {
  const { service, port, said } = await startService()
  try {
    const [idle, busy] = [net.connect(port, '127.0.0.1'), net.connect(port, '127.0.0.1')]
    const heard = Promise.all([idle, busy].map(allFrom))
    idle.write('1\n')
    // When the first is answered, the second has come with it, and is being computed.
    busy.write('1\n36\n')
    await Promise.all([once(idle, 'data'), once(busy, 'data')])
    const exited = once(service, 'exit')
    service.kill('SIGINT')
    assert.match(await said(), /stops: it finishes what runs/)
    const refused = once(net.connect(port, '127.0.0.1'), 'error')
    assert.match((await refused)[0].code, /ECONNREFUSED|ECONNRESET/)
    assert.deepEqual(await heard, ['1\n', '1\n14930352\n'])
    assert.deepEqual(await exited, [0, null])
  } finally {
    service.kill('SIGKILL')
  }
})

test('on a second SIGINT it ends at once', async () => {
  const { service, port, said } = await startService()
  try {
    const client = net.connect(port, '127.0.0.1').on('error', () => {})
    client.write('1\n50\n')
    await once(client, 'data')
    const exited = once(service, 'exit')
    service.kill('SIGINT')
    await said()
    service.kill('SIGINT')
    assert.deepEqual(await exited, [130, null])
    client.destroy()
  } finally {
    service.kill('SIGKILL')
  }
})

test('perf1 and perf2 measure it', async () => {
  const { service, port } = await startService()
  try {
    assert.equal((await latencies(port, 2, 3)).length, 6)
    const { n, bigMs, seconds } = await rates(port, 60, 1, () => {})
    assert.ok(n >= 25 && bigMs > 0)
    assert.equal(seconds[0]?.phase, 'before')
    assert.equal(seconds.at(-1)?.phase, 'after')
    for (const { rate } of seconds) assert.ok(rate > 0)
  } finally {
    service.kill('SIGKILL')
  }
})

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { test } from 'node:test'
import { Rooms } from '../../examples/chat/rooms.ts'
import { serveChat } from '../../examples/chat/server.ts'
import { type Body, fn, sleep, spawn } from '../../src/core/index.ts'
import { MemoryServer, type MemoryStream } from '../../src/net/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { type Program, portIn, withProgram } from '../support/program.ts'

/** A test with a chat in memory; `enter` gives a client who has said a name. */
function withChat(
  title: string,
  body: (enter: (name: string) => Body<MemoryStream>, server: MemoryServer) => Body<void>,
): void {
  it(title, function* () {
    const server = new MemoryServer({ highWaterMark: 1000, closeMs: 1000 })
    const rooms = new Rooms()
    const serving = spawn(server.serve((client) => serveChat(client, rooms)))
    const clients: MemoryStream[] = []
    const enter = function* (name: string): Body<MemoryStream> {
      const client = server.connect()
      clients.push(client)
      assert.equal(yield* client.readLine(), '* your name?')
      yield* client.write(`${name}\n`)
      yield* waitAllBlocked()
      return client
    }
    yield* body(enter, server)
    for (const client of clients) client.destroy()
    yield* server.stop()
    yield* serving
  })
}

/** The next so many lines. */
const hear = fn(function* (client: MemoryStream, count: number): Body<(string | null)[]> {
  const lines: (string | null)[] = []
  while (lines.length < count) lines.push(yield* client.readLine())
  return lines
})

withChat('what is said is heard by all others in the room, and by nobody elsewhere', function* (enter) {
  const ann = yield* enter('ann')
  assert.deepEqual(yield* hear(ann, 1), ['* you are in lobby, with 0 others'])
  const bob = yield* enter('bob')
  assert.deepEqual(yield* hear(bob, 1), ['* you are in lobby, with 1 others'])
  const cid = yield* enter('cid')
  yield* cid.write('/join attic\nanybody?\n/who\n')
  const alone = ['* you are in lobby, with 2 others', '* you are in attic, with 0 others', '* here: cid']
  assert.deepEqual(yield* hear(cid, 3), alone)
  yield* ann.write('hello\n')
  assert.deepEqual(yield* hear(bob, 3), ['* cid is here', '* cid has left', 'ann: hello'])
  yield* bob.write('/who\n/nonsense\n')
  assert.deepEqual(yield* hear(bob, 2), [
    '* here: ann bob',
    '* there are /join ROOM, /who and /quit; anything else is said to the room',
  ])
  yield* bob.write('good bye\n/quit\n')
  assert.deepEqual(yield* hear(bob, 1), [null])
  const heard = ['* bob is here', '* cid is here', '* cid has left', 'bob: good bye', '* bob has left']
  assert.deepEqual(yield* hear(ann, 5), heard)
})

withChat('a name is asked for, checked, and free again when its owner has left', function* (enter, server) {
  const ann = yield* enter('ann')
  yield* hear(ann, 1)
  const twin = yield* enter('ann')
  assert.deepEqual(yield* hear(twin, 2), ['* somebody is called ann already', null])
  const rude = yield* enter('a b')
  assert.deepEqual(yield* hear(rude, 2), ['* a name has 1 to 20 letters, digits, "-" or "_"', null])
  ann.reset()
  yield* waitAllBlocked()
  const next = yield* enter('ann')
  assert.deepEqual(yield* hear(next, 1), ['* you are in lobby, with 0 others'])
  const shy = server.connect()
  yield* shy.end()
  assert.deepEqual(yield* hear(shy, 2), ['* your name?', null])
})

withChat('who is slow loses the oldest lines, is told how many, and slows nobody', function* (enter) {
  const [slow, quick, loud] = [yield* enter('slow'), yield* enter('quick'), yield* enter('loud')]
  yield* hear(quick, 2)
  for (let i = 0; i < 500; i++) {
    yield* loud.write(`${String(i).padStart(90)}\n`)
    assert.equal((yield* hear(quick, 1))[0], `loud: ${String(i).padStart(90)}`)
  }
  const heard: string[] = []
  do heard.push((yield* slow.readLine()) as string)
  while (!heard.at(-1)?.endsWith(' 499'))
  // It is told once or twice, as its turns come.
  const losses = heard.flatMap((line) => /^\* you are slow: (\d+) lines are lost$/.exec(line)?.[1] ?? [])
  const lost = losses.reduce((sum, count) => sum + Number(count), 0)
  const numbers = heard.filter((line) => line.startsWith('loud:')).map((line) => Number(line.slice(6)))
  assert.equal(numbers.length + lost, 500)
  // What was on its way, a gap, and the hundred that were kept.
  assert.ok(numbers.length <= 100 + (2 * 1000) / 97 + 3, `${numbers.length} were kept`)
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
  )
  assert.deepEqual(
    numbers.slice(-100),
    Array.from({ length: 100 }, (_, i) => 400 + i),
  )
})

withChat('who leaves gets what was said before, if that does not take long', function* (enter, server) {
  const [ann, bob, deaf] = [yield* enter('ann'), yield* enter('bob'), yield* enter('deaf')]
  for (let i = 0; i < 50; i++) yield* ann.write(`${String(i).padStart(90)}\n`)
  yield* waitAllBlocked()
  yield* bob.write('/quit\n')
  yield* deaf.write('/quit\n')
  const heard: string[] = []
  for (let line: string | null; (line = yield* bob.readLine()) !== null; ) heard.push(line)
  assert.equal(heard.filter((line) => line.startsWith('ann: ')).length, 50)
  assert.equal(server.stats().connections, 2)
  yield* sleep(2500)
  assert.equal(server.stats().connections, 1)
})

/** A client of the real chat, who has said a name and hears what others say. */
class Client {
  readonly socket: net.Socket
  readonly lines: string[] = []
  private rest = ''
  private wanted: { readonly test: (line: string) => boolean; readonly found: () => void } | null = null

  constructor(port: number, name: string, options: { readonly deaf?: boolean } = {}) {
    this.socket = net.connect(port, '127.0.0.1')
    this.socket.on('error', () => {})
    this.socket.write(`${name}\n`)
    if (options.deaf) this.socket.pause()
    else this.listen()
  }

  listen(): void {
    this.socket.setEncoding('utf8').on('data', (data) => this.hear(String(data)))
    this.socket.resume()
  }

  private hear(data: string): void {
    const lines = (this.rest + data).split('\n')
    this.rest = lines.pop() as string
    this.lines.push(...lines)
    const { wanted } = this
    if (wanted === null || !lines.some(wanted.test)) return
    this.wanted = null
    wanted.found()
  }

  /** Resolves when a line has come that begins so. */
  heard(start: string): Promise<void> {
    const test = (line: string): boolean => line.startsWith(start)
    if (this.lines.some(test)) return Promise.resolve()
    return new Promise((found) => {
      this.wanted = { test, found }
    })
  }
}

/** Megabytes of memory that the program has. */
function residentMb({ child }: Program): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1]) / 1024
}

const FILES = process.platform === 'win32' ? 1024 : Number(execFileSync('sh', ['-c', 'ulimit -n'])) || Infinity
const CROWD = Math.min(10_000, FILES - 300)
if (CROWD < 10_000) {
  console.warn(`*** The chat is tested with ${CROWD} connections, not 10000: no more files may be open (ulimit -n).`)
}

// Slow: so many connections, and 10 MB for each of those who do not read, as the kernel takes some.
test(`${CROWD} clients chat, and those who never read cost bounded memory and slow nobody`, {
  skip: process.platform !== 'linux' && 'memory of another process is read from /proc',
}, async (t) => {
  await withProgram('chat/main', [], async (program) => {
    const port = portIn(await program.said())
    const clients: Client[] = []
    while (clients.length < CROWD) {
      const some = Array.from({ length: Math.min(500, CROWD - clients.length) }, (_, i) => {
        const n = clients.length + i
        // Each of these is in a room of twenty, of which one never reads.
        return new Client(port, `c${n}`, { deaf: n % 20 === 7 })
      })
      await Promise.all(some.map(({ socket }) => once(socket, 'connect')))
      for (const [i, client] of some.entries()) {
        client.socket.write(`/join room${Math.floor((clients.length + i) / 20)}\n`)
      }
      clients.push(...some)
      await some.at(-1)!.heard('* you are in room')
    }
    const crowded = residentMb(program)

    // Ten who never read, one who talks all the time, and one who listens, in a room of their own.
    const loud = clients[0]!
    const listener = clients[1]!
    for (let n = 0; n < 200; n += 20) clients[n + 7]!.socket.write('/join noise\n')
    listener.socket.write('/join noise\n')
    await listener.heard('* you are in noise')
    loud.socket.write('/join noise\n')
    await listener.heard('* c0 is here')
    const noise = `${'x'.repeat(990)}\n`.repeat(100)
    for (let round = 0; round < 100; round++) {
      loud.socket.write(`${noise}round ${round}\n`)
      await listener.heard(`c0: round ${round}`)
      listener.lines.length = 0
      // Meanwhile in another room.
      clients[400 + (round % 7)]!.socket.write(`meanwhile ${round}\n`)
      await clients[410]!.heard(`c${400 + (round % 7)}: meanwhile ${round}`)
    }
    const noisy = residentMb(program)
    t.diagnostic(`${Math.round(crowded)} MB for the crowd, ${Math.round(noisy)} MB after the noise`)
    assert.ok(crowded < 400, `${Math.round(crowded)} MB for ${CROWD} clients`)
    assert.ok(noisy - crowded < 64, `${Math.round(noisy - crowded)} MB more for ten who do not read`)

    // Now one of them reads at last.
    const late = clients[7]!
    late.listen()
    await late.heard('c0: round 99')
    assert.ok(late.lines.some((line) => line.startsWith('* you are slow')))

    program.child.kill('SIGINT')
    assert.deepEqual(await program.ended, [0, null])
    for (const { socket } of clients) socket.destroy()
  })
})

// The programs themselves, in processes of their own and over real sockets: all styles do the same. For green code, which is
// compiled, this is where each failure is tried.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { all, type Body, fn, run, sleep, type Task } from '../../src/index.ts'
import { type Server, type Socket, serve } from '../../src/net/index.ts'
import { cli, node } from '../green/load/program.ts'
import { portIn } from '../support/program.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const poem = 'I never saw a Moor,\nI never saw the Sea;\n'
const styled = 'I ne’er saw a Moor,\nI ne’er saw th’ Sea;\n'

const handlers = {
  *good(reader: Socket): Body<void> {
    for (const letter of poem) yield* reader.write(letter)
  },
  // A reset that comes while there is something to read looks like an end to the platform: so the client is given time to read.
  *resetting(reader: Socket): Body<void> {
    yield* reader.write('I never saw a')
    yield* sleep(1000)
    reader.reset()
  },
  *wordless(): Body<void> {},
  *silent(reader: Socket): Body<void> {
    yield* reader.write('I never ')
    yield* reader.read()
  },
}
type Ports = Readonly<Record<keyof typeof handlers | 'nobody', number>>

/** Serves each, and gives their ports, with one where nobody listens. */
async function withServers(body: (ports: Ports) => Promise<void>): Promise<void> {
  const servers: Server<Socket>[] = []
  const serving: Task<void>[] = []
  // Port 1 is in the range that only programs of the system use.
  const ports: Record<string, number> = { nobody: 1 }
  for (const [name, handler] of Object.entries(handlers)) {
    const server = await new Promise<Server<Socket>>((onListen) => {
      serving.push(run(serve(fn(handler), { port: 0, onListen })))
    })
    servers.push(server)
    ports[name] = portIn(server.name)
  }
  try {
    await body(ports as Ports)
  } finally {
    await all(servers.map((server) => server.stop({ grace: 0 })))
    await all(serving)
  }
}

async function read(style: string, ...args: readonly (string | number)[]) {
  const program = style === 'green' ? [cli, 'run', 'dist/examples/poetry/main.js'] : ['dist/examples/poetry/main.js']
  const { stdout, stderr, code } = await node([...program, '--style', style, ...args.map(String)], { cwd: root })
  return {
    stdout,
    code,
    failed: [...stderr.matchAll(/^(\d+): The poem download failed/gm)].map(([, port]) => Number(port)),
    stderr,
  }
}

// Slow, as all of these: they start processes.
for (const style of ['callbacks', 'deferreds', 'inline-callbacks', 'tasks']) {
  test(`${style}: the program prints the poem, tells what could not be had, and ends`, async () => {
    await withServers(async ({ good, nobody }) => {
      const { stdout, code, failed, stderr } = await read(style, good, nobody)
      assert.deepEqual([stdout, failed, code], [`${good}:\n${styled}\n`, [nobody], 1], stderr)
    })
  })
}

test('green: poems that can be had are printed, the others have failed, whatever it was, and the program ends', async () => {
  await withServers(async ({ good, nobody, resetting, wordless }) => {
    const { stdout, code, failed, stderr } = await read('green', resetting, nobody, good, wordless)
    assert.deepEqual([stdout, code], [`${good}:\n${styled}\n`, 1], stderr)
    assert.deepEqual(new Set(failed), new Set([resetting, nobody, wordless]), stderr)
  })
})

test('green: gibberish is a failure; of any other error of the engine there is the original', async () => {
  await withServers(async ({ good }) => {
    const gibberish = await read('green', '--engine', 'gibberish', good)
    assert.deepEqual([gibberish.stdout, gibberish.failed, gibberish.code], ['', [good], 1])
    const buggy = await read('green', '--engine', 'buggy', good)
    assert.deepEqual([buggy.stdout, buggy.failed, buggy.code], [`${good}:\n${poem}\n`, [], 0])
  })
})

test('green: a server that never ends does not keep the program from ending', async () => {
  await withServers(async ({ silent }) => {
    const { stdout, failed, code } = await read('green', '--timeout', 50, silent)
    assert.deepEqual([stdout, failed, code], ['', [silent], 1])
  })
})

test('naive callbacks never tell of gibberish, and end only because nothing is left that could happen', async () => {
  await withServers(async ({ good }) => {
    const { stdout, code, stderr } = await read('naive', '--engine', 'gibberish', good)
    assert.equal(stdout, '')
    assert.equal(code, 13) // Node's code for an await that is never settled
    assert.match(stderr, /characters of nonsense/)
    assert.doesNotMatch(stderr, /download failed/)
  })
})

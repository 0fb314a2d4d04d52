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

const handlers: readonly ((reader: Socket) => Body<void>)[] = [
  function* good(reader) {
    for (const letter of poem) yield* reader.write(letter)
  },
  function* resetting(reader) {
    yield* reader.write('I never saw a')
    yield* reader.flush()
    yield* sleep(20)
    reader.reset()
  },
  function* wordless() {},
  function* silent(reader) {
    yield* reader.write('I never ')
    yield* reader.read()
  },
]

/** Serves each, and gives their ports, with one where nobody listens. */
async function withServers(
  body: (ports: { good: number; bad: readonly number[]; silent: number }) => Promise<void>,
): Promise<void> {
  const servers: Server<Socket>[] = []
  let serving: Task<unknown> | undefined
  await new Promise<void>((resolve) => {
    const onListen = (server: Server<Socket>): void => {
      if (servers.push(server) === handlers.length) resolve()
    }
    serving = run(all(handlers.map((handler) => serve(fn(handler), { port: 0, onListen }))))
  })
  const ports = servers.map(({ name }) => portIn(name))
  try {
    // A port in the range that only the system's own programs use.
    await body({ good: ports[0]!, bad: [ports[1]!, ports[2]!, 1], silent: ports[3]! })
  } finally {
    await all(servers.map((server) => server.stop({ grace: 0 })))
    await serving
  }
}

const styles = ['callbacks', 'deferreds', 'inline-callbacks', 'tasks', 'green']

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

for (const style of styles) {
  // Slow: it starts processes.
  test(`${style}: poems that can be had are printed, the others have failed, whatever it was, and the program ends`, async () => {
    await withServers(async ({ good, bad }) => {
      const { stdout, code, failed, stderr } = await read(style, good, ...bad)
      assert.equal(stdout, `${good}:\n${styled}\n`, stderr)
      assert.deepEqual(failed.toSorted(), bad.toSorted(), stderr)
      assert.equal(code, 1)
    })
  })

  test(`${style}: gibberish is a failure; of any other error of the engine there is the original`, async () => {
    await withServers(async ({ good }) => {
      const gibberish = await read(style, '--engine', 'gibberish', good)
      assert.deepEqual([gibberish.stdout, gibberish.failed, gibberish.code], ['', [good], 1])
      const buggy = await read(style, '--engine', 'buggy', good)
      assert.deepEqual([buggy.stdout, buggy.failed, buggy.code], [`${good}:\n${poem}\n`, [], 0])
    })
  })
}

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

import assert from 'node:assert/strict'
import childProcess from 'node:child_process'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { allSettled, join, spawn, timeout, wait, yieldNow } from '../../src/green/index.ts'
import { patchAll, unpatch } from '../../src/green/patch/index.ts'
import { byHand, itByHand } from './api-by-hand.ts'
import { type Attempt, callInTask, callPlainly } from './patch-outcome.ts'

const node = process.execPath
const said = 'echo out; echo err >&2'

/** Calls by name: the arguments of each. What is quiet on stderr, or catches it, so that the tests' own output stays clean. */
const calls: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  spawnSync: [
    ['sh', ['-c', said]],
    ['sh', ['-c', `${said}; exit 3`], { encoding: 'utf8' }],
    ['sh', ['-c', 'kill -9 $$']],
    ['no-such-program', ['a']],
    ['/etc/passwd'],
    [node, { input: 'process.stdout.write("from input")', encoding: 'latin1' }],
    ['cat', [], { input: 'é' }],
    ['cat', [], { input: 'é', encoding: 'hex' }],
    ['cat', { input: new Uint8Array([1, 2, 3]) }],
    ['cat', [], { input: new Uint16Array([1, 2, 3]).subarray(1) }],
    ['cat', [], { input: 5 }],
    ['cat', [], { input: 'x', encoding: 'buffer' }],
    ['cat'],
    ['true', [], { input: 'x'.repeat(5_000_000) }],
    ['sh', ['-c', said], { stdio: 'ignore' }],
    ['sh', ['-c', said], { stdio: ['pipe', 'pipe', 'ignore'] }],
    ['sh', ['-c', said], { stdio: ['ignore', 'pipe'] }],
    ['sh', ['-c', 'echo three >&3'], { stdio: [null, undefined, 'pipe', 'pipe'] }],
    ['sh', ['-c', 'echo three >&3'], { stdio: ['ignore', 'ignore', 'ignore', null] }],
    ['sh', ['-c', said], { stdio: ['pipe', 'pipe', 'ipc'] }],
    ['sh', ['-c', said], { stdio: 'bad' }],
    ['sleep', ['100'], { timeout: 20 }],
    ['sleep', ['100'], { timeout: 20, killSignal: 'SIGKILL' }],
    [
      'sh',
      ['-c', 'trap "exit 0" TERM; echo ready; sleep 100 & wait'],
      { timeout: 300, stdio: ['pipe', 'pipe', 'ignore'] },
    ],
    ['sleep', ['0'], { timeout: -1 }],
    ['sleep', ['0'], { killSignal: 'SIGNONE' }],
    ['sh', ['-c', 'echo 0123456789; exec sleep 100'], { maxBuffer: 5 }],
    ['sh', ['-c', 'echo 0123456789'], { maxBuffer: 11 }],
    ['sh', ['-c', 'echo 0123456789'], { maxBuffer: Infinity }],
    ['true', [], { maxBuffer: -1 }],
    ['echo $0 $X', { shell: true, env: { X: 'set' }, encoding: 'utf8' }],
    ['echo', ['a', '$HOME'], { shell: '/bin/sh', env: { HOME: '/h' }, encoding: 'utf8' }],
    ['no-such-program', { shell: true, encoding: 'utf8' }],
    ['pwd', [], { cwd: '/', encoding: 'utf8' }],
    ['pwd', [], { cwd: '/no/such/place' }],
    ['sh', ['-c', 'echo $0'], { argv0: 'called', encoding: 'utf8' }],
    ['true', ['x'.repeat(5_000_000)]],
    ['true', 'bad'],
    ['true', null, null],
    ['true', null],
    ['true', [], { killSignal: 9, timeout: null }],
    [''],
    [5],
    ['true\0'],
  ],
  execFileSync: [
    ['sh', ['-c', 'echo out']],
    ['sh', ['-c', 'echo out'], 'bad'],
    ['sh', ['-c', `${said}; exit 2`], { stdio: 'pipe' }],
    ['sh', ['-c', `${said}; exit 2`], { stdio: 'pipe', encoding: 'utf8' }],
    ['sh', ['-c', 'kill -9 $$'], { stdio: 'pipe', argv0: 'called' }],
    ['echo', ['a'], { encoding: 'utf8' }],
    ['echo', { encoding: 'utf8' }],
    ['no-such-program', ['a', 'b']],
    ['sleep', ['100'], { timeout: 20 }],
    ['sh', ['-c', 'echo 0123456789; exec sleep 100'], { maxBuffer: 5 }],
    ['echo', ['a'], { stdio: 'ignore' }],
  ],
  execSync: [
    ['echo out'],
    ['echo $X | tr a-z A-Z', { env: { ...process.env, X: 'loud' }, encoding: 'utf8' }],
    [`${said}; exit 4`, { stdio: 'pipe' }],
    [`${said}; exit 4`, { stdio: 'pipe', encoding: 'utf8' }],
    ['exit 5'],
    ['exit 5', null],
    ['cat', { input: 'given', encoding: 'utf8' }],
    ['sleep 100', { timeout: 20 }],
    ['echo $0', { shell: '/bin/bash', encoding: 'utf8' }],
    ['pwd', { cwd: '/no/such/place' }],
    [''],
    [5],
  ],
}

describe('in a task, patched calls of node:child_process give and throw what they do elsewhere:', () => {
  afterEach(() => {
    unpatch()
  })

  for (const [name, variants] of Object.entries(calls)) {
    for (const args of variants) {
      const title = JSON.stringify(args).slice(1, -1).slice(0, 80)
      // Each runs real processes; those with a limit of time wait for it.
      test(`${name}(${title})`, async () => {
        const attempt: Attempt = [[childProcess, name], ...args]
        const expected = callPlainly(attempt)
        patchAll()
        const { ended } = await callInTask(attempt)
        assert.deepEqual(ended, expected)
      })
    }
  }
})

// Eight processes of node take a second to start; a process that does not care to be asked is given one to end.
describe('patched processes:', () => {
  test('say on the stderr of this process what they say on theirs, unless told what to do with it', async () => {
    const heard: string[][] = [[], []]
    const attempt: Attempt = [[childProcess, 'execSync'], `${said}; exit 1`]
    const { write } = process.stderr
    try {
      process.stderr.write = (text) => heard[0]!.push(String(text)) > 0
      unpatch()
      callPlainly(attempt)
      process.stderr.write = (text) => heard[1]!.push(String(text)) > 0
      patchAll()
      await callInTask(attempt)
    } finally {
      process.stderr.write = write
    }
    assert.deepEqual(heard, [['err\n'], ['err\n']])
  })

  beforeEach(() => {
    patchAll()
  })
  afterEach(() => {
    unpatch()
  })

  itByHand('of eight tasks are all alive at once', function* (call) {
    // Each says that it is there, and ends when all are: one after the other they would wait for ever.
    const server = yield* call(wait, listening(8))
    const script = `const s = require('net').connect(${(server as Meeting).port}); s.on('end', () => console.log('met')).resume()`
    const tasks = Array.from({ length: 8 }, () =>
      spawn(
        byHand(function* (call) {
          return yield* call([childProcess, 'execFileSync'], node, ['-e', script], { encoding: 'utf8' })
        }),
      ),
    )
    for (const task of tasks)
      assert.equal(
        yield* call(
          timeout,
          60_000,
          byHand(function* (call) {
            return yield* call(join, task)
          }),
        ),
        'met\n',
      )
    ;(server as Meeting).close()
  })

  itByHand('are killed and reaped by a cancel, before it is over', function* (call) {
    const pids: number[] = []
    const { spawn: start } = childProcess
    childProcess.spawn = ((...args: Parameters<typeof start>) => {
      const child = start(...args)
      if (child.pid !== undefined) pids.push(child.pid)
      return child
    }) as typeof start
    // The second does not care to be asked.
    const tasks = [
      spawn.detached(childProcess.spawnSync as never, 'sleep', ['1000']),
      spawn.detached(childProcess.execSync as never, 'trap "" TERM; while :; do sleep 1000 & wait; done'),
    ]
    while (tasks.some((task) => task.state !== 'parked')) yield* call(yieldNow)
    childProcess.spawn = start
    for (const task of tasks) task.cancel()
    yield* call(allSettled, tasks)
    assert.equal(pids.length, 2)
    for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  })
})

interface Meeting {
  readonly port: number
  close(): void
}

/** A server whose connections end when there are `count` of them. */
async function listening(count: number): Promise<Meeting> {
  const { createServer } = await import('node:net')
  const sockets: import('node:net').Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    if (sockets.length === count) for (const each of sockets) each.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as import('node:net').AddressInfo).port, close: () => server.close() }
}

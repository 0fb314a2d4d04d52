import assert from 'node:assert/strict'
import { spawn as spawnProcess } from 'node:child_process'
import { pbkdf2 } from 'node:crypto'
import { lookup } from 'node:dns'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { Future, machine, openings, sleep, spawn, type Timer, wait } from '../../src/core/index.ts'
import { type Leak, LeakError, TestHost } from '../../src/testing/index.ts'

const pbkdf2Async = promisify(pbkdf2)

async function leaksOf(run: () => unknown): Promise<readonly Leak[]> {
  try {
    await run()
  } catch (error) {
    if (error instanceof LeakError) return error.leaks
    throw error
  }
  return []
}

const timer = (): Timer => ({ bucket: null, index: 0, fire: () => {} })

describe('the leak check', () => {
  it('passes a body that left nothing', async () => {
    await new TestHost().run(function* () {
      const task = spawn(() => sleep(100))
      task.cancel()
      yield* sleep(1)
    })
  })

  it('does not count the output of the process that nobody has read yet', async () => {
    const program = `
      const { TestHost } = await import(${JSON.stringify(import.meta.resolve('../../src/testing/index.js'))})
      const print = () => void process.stdout.write('x'.repeat(2 ** 23))
      const { message } = await new TestHost().run(print).then(() => ({ message: 'nothing left' }), (error) => error)
      process.stderr.write(message, () => process.exit())`
    const child = spawnProcess(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text
    })
    await once(child, 'exit')
    assert.equal(said, 'nothing left')
    child.stdout.destroy()
  })

  it('names what others have on their lists for the loop of the run, and has it let go', async () => {
    const letGo: unknown[] = []
    openings.addLister((loop) => {
      if (!watched.has(loop)) return []
      assert.equal(openings.watchers > 0, true)
      return [{ kind: 'door', name: 'front', reason: 'open', madeAt: null, letGo: () => letGo.push('front') }]
    })
    const watched = new Set<unknown>()
    const host = new TestHost()
    watched.add(host.loop)
    const leaks = await leaksOf(() => host.run(function* () {}))
    assert.deepEqual(leaks, [{ kind: 'door', name: 'front', reason: 'open', madeAt: null }])
    assert.deepEqual(letGo, ['front'])
    assert.equal(openings.watchers, 0)
    assert.deepEqual(await leaksOf(() => new TestHost().run(function* () {})), [])
  })

  it('names a task that is still alive, what it waits for and where it was spawned', async () => {
    const leaks = await leaksOf(() =>
      new TestHost().run(function* () {
        spawn.detached(function* forgotten() {
          yield* new Future('never')
        })
        yield* sleep(1)
      }),
    )
    assert.equal(leaks.length, 1)
    const [leak] = leaks
    assert.equal(leak?.kind, 'task')
    assert.match(leak?.name ?? '', /^task forgotten #\d+$/)
    assert.equal(leak?.reason, 'parked: the future "never"')
    assert.match(leak?.madeAt ?? '', /^\s*at .*leak-check\.test/)
  })

  it('names the children of such a task too', async () => {
    const leaks = await leaksOf(() =>
      new TestHost().run(function* () {
        spawn.detached(function* parent() {
          spawn(() => sleep(100), { name: 'child' })
          yield* sleep(200)
        })
        yield* sleep(1)
      }),
    )
    assert.deepEqual(
      leaks.map(({ name }) => name.split(' ')[1]),
      ['parent', 'child'],
    )
  })

  it('says all of it in its message', async () => {
    await assert.rejects(
      new TestHost().run(function* () {
        for (const name of ['a', 'b']) spawn.detached(() => sleep(100), { name })
      }),
      (error) =>
        error instanceof LeakError &&
        error.code === 'FIBRIL_LEAK' &&
        /left 2 things behind:\n {2}task: task a #\d+ \(parked: 100 ms to pass\), made at .*\n {2}task: task b/.test(
          error.message,
        ),
    )
  })

  it('lets a detached task end that needs no time', async () => {
    await new TestHost().run(function* () {
      spawn.detached(async () => {
        for (let i = 0; i < 50; i++) await undefined
      })
    })
  })

  it('cancels what is left, and lets its cleanup run', async () => {
    const host = new TestHost()
    let cleaned = false
    const leaks = await leaksOf(() =>
      host.run(function* () {
        spawn.detached(function* () {
          try {
            yield* sleep(1000)
          } finally {
            yield* sleep(10)
            cleaned = true
          }
        })
        yield* sleep(1)
      }),
    )
    assert.equal(leaks.length, 1)
    assert.equal(cleaned, true)
    assert.equal(host.now(), 11)
    assert.equal(host.loop.root.size, 0)
    assert.equal(await host.run(() => 'clean again'), 'clean again')
  })

  it('ends what clings to life in its cleanup', async () => {
    const host = new TestHost()
    const leaks = await leaksOf(() =>
      host.run(function* () {
        spawn.detached(function* () {
          try {
            yield* sleep(1000)
          } finally {
            yield* new Future('never')
          }
        })
        yield* sleep(1)
      }),
    )
    assert.equal(leaks.length, 1)
    assert.equal(host.loop.root.size, 0)
  })

  it('names a timer that runs, when it is due and where it was started', async () => {
    const host = new TestHost()
    const leaks = await leaksOf(() =>
      host.run(function* () {
        machine.loop?.startTimer(timer(), 5)
        const stopped = timer()
        machine.loop?.startTimer(stopped, 50)
        machine.loop?.stopTimer(stopped)
        yield* sleep(10)
        machine.loop?.startTimer(timer(), 500)
      }),
    )
    assert.equal(leaks.length, 1)
    assert.equal(leaks[0]?.kind, 'timer')
    assert.equal(leaks[0]?.reason, 'due at 510 ms')
    assert.match(leaks[0]?.madeAt ?? '', /leak-check\.test/)
    assert.equal(host.loop.stats().timers, 0)
  })

  it('counts external waits that nobody has let go of', async () => {
    const host = new TestHost()
    const leaks = await leaksOf(() =>
      host.run(function* () {
        machine.loop?.holdExternal()
        machine.loop?.holdExternal()
        machine.loop?.releaseExternal()
        yield* sleep(1)
      }),
    )
    assert.equal(host.loop.externals, 0)
    assert.deepEqual(
      leaks.map(({ kind, name }) => `${kind}: ${name}`),
      ['external wait: 1 hold'],
    )
  })

  it('finds no hold in a promise whose wait was cancelled', async () => {
    await new TestHost().run(function* () {
      const task = spawn(() => wait(new Promise(() => {})))
      yield* sleep(1)
      task.cancel()
    })
  })

  it('does not count a name lookup, which ends by itself and which nobody can take back', async () => {
    // The platform's threads are busy, so that the lookup outlives the run.
    const jobs = Array.from({ length: 8 }, () => pbkdf2Async('x', 'y', 100_000, 64, 'sha512'))
    let found = false
    const looked = (): void => void (found = true)
    await new TestHost().run(() => lookup('localhost', looked))
    assert.equal(found, false, 'the lookup was over too early to show anything')
    await Promise.all(jobs)
  })

  it('works in a synchronous run', () => {
    assert.throws(
      () =>
        new TestHost().runSync(function* () {
          spawn.detached(() => sleep(100))
        }),
      LeakError,
    )
  })

  it('is silent when the body has failed', async () => {
    await assert.rejects(
      new TestHost().run(function* () {
        spawn.detached(() => sleep(100))
        yield* sleep(1)
        throw new Error('boom')
      }),
      /^Error: boom$/,
    )
  })
})

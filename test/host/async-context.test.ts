// Each in a process of its own: whether a store was ever used is a fact of the process, and the test runner uses one.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { program } from '../core/program.ts'

/** Runs `source`, which logs by `log(…)`; gives the lines. */
async function logged(source: string): Promise<string[]> {
  const { code, stdout, stderr } = await program(`
    import { AsyncLocalStorage } from 'node:async_hooks'
    import { all, fn, Future, run, sleep, spawn, TaskLocal, timeout, wait, yieldNow } from 'fibril'
    const log = (...what) => console.log(...what)
    const store = new AsyncLocalStorage()
    ${source}
  `)
  assert.equal(stderr, '')
  assert.equal(code, 0)
  return stdout.trim().split('\n')
}

describe('AsyncLocalStorage', { concurrency: 2 }, () => {
  test('costs nothing while nobody uses one', async () => {
    const lines = await logged(`
      const { captureContext } = await import(new URL('host/index.js', '${new URL('../../src/', import.meta.url)}'))
      log(captureContext())
      await run(() => sleep(1))
      log(captureContext())
      store.getStore()
      log(captureContext())
      store.run(1, () => {})
      log(typeof captureContext().runInAsyncScope)
      log(store.run === AsyncLocalStorage.prototype.run, AsyncLocalStorage.prototype.run.name)
    `)
    assert.deepEqual(lines.slice(0, 4), ['null', 'null', 'null', 'function'])
    assert.equal(lines[4], 'true run', 'its methods are its own again')
  })

  test('is seen in every step of a task that was spawned in it: in calls, after each kind of wait, in cleanup', async () => {
    const lines = await logged(`
      const go = new Future('go')
      const call = fn(function* () { yield* sleep(1); log('call', store.getStore()) })
      const dispose = new TaskLocal({ create: () => 1, dispose: () => log('dispose', store.getStore()) })
      const task = store.run('request', () => run(function* () {
        dispose.get()
        log('first', store.getStore())
        yield* sleep(1)
        log('sleep', store.getStore())
        yield* yieldNow()
        log('turn', store.getStore())
        yield* call()
        yield* wait(new Promise((resolve) => setTimeout(resolve, 1)))
        log('promise', store.getStore())
        yield* all([call(), go])
        log('future', store.getStore())
        try { yield* sleep(Infinity) }
        finally { log('finally', store.getStore()); yield* sleep(1); log('cleanup', store.getStore()) }
      }))
      const until = async (reason) => { while (!task.reason?.startsWith(reason)) await sleep(1) }
      await until('all of: the future')
      go.resolve()
      await until('ever')
      log('outside', store.getStore())
      store.run('canceller', () => task.cancel())
      await task.then(null, () => {})
      log('outside', store.getStore())
    `)
    const names = lines.map((line) => line.split(' '))
    for (const [what, value] of names) assert.equal(value, what === 'outside' ? 'undefined' : 'request', what)
    assert.equal(names.length, 12)
  })

  test('is inherited by children, and may differ from task to task', async () => {
    const lines = await logged(`
      await run(function* () {
        const tasks = ['a', 'b', 'c'].map((name) => store.run(name, () => spawn(function* () {
          yield* sleep(1)
          spawn(function* () { yield* sleep(1); log(name, store.getStore()) })
          const inner = store.run(name + '!', () => spawn(function* () { yield* sleep(1); log(name + '!', store.getStore()) }))
          yield* inner
          log(name, store.getStore())
        })))
        log('undefined', store.getStore())
        for (const task of tasks) yield* task
        log('undefined', store.getStore())
      })
    `)
    assert.equal(lines.length, 11)
    for (const line of lines) assert.equal(...(line.split(' ') as [string, string]))
  })

  test('of who wakes or joins a task is not that task’s, also if it was spawned before any was used', async () => {
    const lines = await logged(`
      const go = new Future()
      const before = run(function* () {
        yield* go
        log(store.getStore())
        yield* sleep(1)
        log(store.getStore())
        yield* spawn(function* () { yield* sleep(1); log(store.getStore()) })
      })
      await sleep(5)
      store.run('waker', () => go.resolve())
      await store.run('joiner', () => before)
      const go2 = new Future()
      const after = run(function* () { yield* go2; log(store.getStore()) })
      await sleep(1)
      store.run('waker', () => go2.resolve())
      await after
    `)
    assert.deepEqual(lines, ['undefined', 'undefined', 'undefined', 'undefined'])
  })

  test('entered for good in a task belongs to that task', async () => {
    const lines = await logged(`
      const go = new Future()
      const other = run(function* () { yield* sleep(1); yield* go; log('other', store.getStore()) })
      const spawned = run(function* () {
        yield* sleep(5)
        store.enterWith('entered')
        log('task', store.getStore())
        yield* spawn(function* () { yield* sleep(1); log('child', store.getStore()) })
      })
      await spawned
      go.resolve()
      await other
      const later = run(function* () { yield* sleep(1); log('later', store.getStore()) })
      await later
    `)
    assert.deepEqual(lines, ['task entered', 'child entered', 'other undefined', 'later undefined'])
  })

  test('entered before the task is seen in it', async () => {
    const lines = await logged(`
      store.enterWith('before')
      await run(function* () { yield* sleep(1); log(store.getStore()); yield* spawn(() => log(store.getStore())) })
      log(await (async () => { await sleep(1); return store.getStore() })())
    `)
    assert.deepEqual(lines, ['before', 'before', 'before'])
  })

  test('set before the library was loaded is seen', async () => {
    const { stdout } = await program(`
      import { AsyncLocalStorage } from 'node:async_hooks'
      const store = new AsyncLocalStorage()
      await store.run('early', async () => {
        const { run, sleep } = await import('${new URL('../../src/index.js', import.meta.url)}')
        await run(function* () { yield* sleep(1); console.log(store.getStore()) })
      })
    `)
    assert.equal(stdout, 'early\n')
  })

  test('an awaited operation runs in the context of who awaits it', async () => {
    const lines = await logged(`
      const get = fn(function* () { const at = store.getStore(); yield* sleep(1); return [at, store.getStore()].join() })
      log(await store.run('asker', async () => { await undefined; return await get() }))
      log(await get())
    `)
    assert.deepEqual(lines, ['asker,asker', ','])
  })
})

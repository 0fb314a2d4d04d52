import assert from 'node:assert/strict'
import { test } from 'node:test'
import { all, run, UsageError } from '../../src/index.ts'
import { offload, transfer } from '../../src/offload/index.ts'

const around = 42

test('a function runs in another thread, with its arguments', async () => {
  const where = offload(async (n: number) => {
    const { isMainThread } = await import('node:worker_threads')
    return [isMainThread, n + 1] as const
  })
  assert.deepEqual(await where(1), [false, 2])
  await run(function* () {
    assert.deepEqual(yield* all([where(2), where(3)]), [
      [false, 3],
      [false, 4],
    ])
  })
})

test('functions, methods and async ones are all the same', async () => {
  function fib(n: number): number {
    return n < 2 ? n : fib(n - 1) + fib(n - 2)
  }
  const holder = {
    twice(n: number): number {
      return n * 2
    },
    async later(n: number): Promise<number> {
      return n * 3
    },
  }
  assert.equal(await offload(fib)(15), 610)
  assert.equal(await offload(holder.twice)(2), 4)
  assert.equal(await offload(holder.later)(2), 6)
  assert.equal(offload(fib).name, 'fib')
})

test('buffers can be moved', async () => {
  const bytes = new Uint8Array([1, 2])
  assert.equal(await offload((given: Uint8Array) => given.length)(transfer(bytes)), 2)
  assert.equal(bytes.length, 0)
})

test('what is around a function is not there, and the error says so', async () => {
  await assert.rejects(async () => await offload(() => around)(), {
    name: 'ReferenceError',
    message: /around is not defined: an offloaded function sees nothing that is around it/,
  })
  await assert.rejects(async () => await offload(async () => around)(), { name: 'ReferenceError' })
})

test('what has no text is refused at once', () => {
  for (const wrong of [Math.max, (() => {}).bind(null), class {}, 42, null]) {
    assert.throws(() => offload(wrong as () => void), UsageError)
  }
})

import { strict as assert } from 'node:assert'
import { all, currentLoop, currentTask, run, sleep, spawn, type Task, timeout, wait } from '../../src/core/index.ts'
import type { TestHost } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { load } from './compile/load.ts'

type Main = (...args: unknown[]) => unknown

/** The one function that a text exports, compiled. */
const green = (source: string, globals: Record<string, unknown> = {}): Main =>
  load(`exports.main = ${source}`, { globals })['main'] as unknown as Main

/** A function with every kind of frame on its way to a call that parks. */
const tower = `function main(log) {
  class A { constructor() { log.push('in A'); try { leaf(1); this.x = deep() } catch { log.push('never') } finally { log.push('A'); leaf(1); log.push('A.') } } }
  class B extends A { constructor() { try { super() } catch { log.push('never') } finally { log.push('B'); leaf(1); log.push('B.') } } }
  function* g() { try { yield new B() } catch { log.push('never') } finally { log.push('g'); leaf(1); log.push('g.') } }
  const arrow = () => { try { for (const x of g()) return x } catch { log.push('never') } finally { log.push('arrow') } }
  const o = { m() { try { return [1].map(() => arrow()) } catch { log.push('never') } finally { log.push('m'); leaf(1); log.push('m.') } } }
  function deep() { try { return wait_() } catch { log.push('never') } finally { log.push('deep'); leaf(1); log.push('deep.') } }
  return o.m()
}`

it('a cancel runs each finally, also those that park, innermost first, and no catch', function* (host: TestHost) {
  const log: string[] = []
  const main = green(tower.replace('wait_()', 'sleep(1000)'))
  const task = spawn(wrap(main, log))
  yield* sleep(500)
  assert.equal(task.state, 'parked')
  task.cancel('enough')
  yield* sleep(500)
  assert.equal(task.outcome?.status, 'cancelled')
  const expected = ['in A', 'deep', 'deep.', 'A', 'A.', 'B', 'B.', 'g', 'g.', 'arrow', 'm', 'm.']
  assert.deepEqual(log, expected)
  assert.ok(host.now() < 1100)
})

it('a cancel at any moment runs the finally blocks that were entered', async () => {
  const main = green(tower.replace('wait_()', 'leaf(1)'))
  for (let ms = 0; ms < 12; ms++) {
    const log = await ran(main, ms + 0.5)
    assert.ok(!log.includes('never'), log.join())
    assert.ok(log.includes('m'), log.join())
  }
})

async function ran(main: Main, ms: number): Promise<string[]> {
  const log: string[] = []
  await run(function* () {
    const task = spawn(wrap(main, log))
    yield* sleep(Math.min(ms, 100))
    task.cancel()
    yield* sleep(100)
    assert.notEqual(task.outcome, null)
  })
  return log
}

it('an error that is thrown through parked frames can be caught anywhere, and knows its lines', async () => {
  const main = green(`function main() {
    const fails = () => { leaf(1); throw new Error('deep') }
    const between = () => { try { return fails() } finally { leaf(2) } }
    try { between() } catch (error) { leaf(3); return error }
  }`)
  const error = (await run(main as () => Error)) as Error
  assert.equal(error.message, 'deep')
  const lines = [...(error.stack ?? '').matchAll(/<anonymous>:(\d+):/g)].map(([, line]) => Number(line))
  // The text begins on the third line of what `new Function` makes.
  for (const line of [4, 5, 6]) assert.ok(lines.includes(line), `${line} is in ${error.stack}`)
})

it('an operation that fails throws where it was called', async () => {
  const main = green(
    `function main(task) { try { return join(task) } catch (error) { return error.message + leaf(1) } }`,
  )
  await run(function* () {
    const scope = run(function* () {
      yield* sleep(5)
      throw new Error('of the task')
    })
    assert.equal(yield* run(wrap(main, scope)), 'of the task1')
  })
})

it('a timeout of green code unwinds to its own place', function* () {
  const log: string[] = []
  const main = green(
    `function main(log) {
      const slow = () => { try { sleep(1000) } finally { log.push('undone'); leaf(1); log.push('done') } }
      try { timeout(10, slow) } catch (error) { log.push(error.code) }
      return timeout(10, () => leaf(7))
    }`,
  )
  assert.equal(yield* spawn(wrap(main, log)), 7)
  assert.deepEqual(log, ['undone', 'done', 'FIBRIL_TIMEOUT'])
})

it('a green function and generators call each other in one task', function* () {
  const inner = green('function inner(x) { return leaf(x) + leaf(1) }')
  const outer = green('function outer(f) { return [wait(f(1)), wait(f(2)), leaf(3)] }')
  function* between(x: number) {
    yield* sleep(1)
    return (yield* spawn(wrap(inner, x))) as number
  }
  const { fn } = (yield* spawn(() => import('../../src/core/index.ts'))) as typeof import('../../src/core/index.ts')
  assert.deepEqual(yield* spawn(wrap(outer, fn(between))), [2, 3, 3])
  assert.equal(yield* timeout(100, wrap(inner, 4)), 5)
  assert.deepEqual(yield* all([wrap(inner, 1), wrap(inner, 2)].map((body) => spawn(body))), [2, 3])
})

it('ten thousand frames that are parked at once resume and unwind', async () => {
  const main = green('function down(n) { leaf(0); return n === 0 ? leaf(0) : down(n - 1) + 1 }')
  assert.equal(await run(wrap(main, 10_000)), 10_000)
  const task = run(wrap(main, 10_000)) as Task<unknown>
  await sleep(5000)
  task.cancel()
  await task.then(
    () => assert.fail('it was cancelled'),
    () => {},
  )
})

it('a hundred thousand tasks park and end', async () => {
  const main = green(`function main(n) {
    let sum = 0
    const one = (x) => { const y = leaf(x); sum += y }
    for (let i = 0; i < n; i++) spawn(() => one(1))
    sleep(10)
    return sum
  }`)
  assert.equal(await run(wrap(main, 100_000)), 100_000)
})

it('an async function awaits what parks below it, in a task or not', async () => {
  const main = green(`async function main(log) {
    const twice = (x) => leaf(x) + leaf(x)
    class A { constructor() { this.x = twice(1) } }
    const arrow = async (x) => twice(x) + await 1
    const list = [twice(1), await arrow(2), new A().x, [1, 2].map((x) => twice(x)), leaf(9)]
    try { (() => { leaf(1); throw new Error('e') })() } catch (error) { list.push(error.message) }
    for (const x of (function* () { yield leaf(1); yield leaf(2) })()) list.push(x)
    return list
  }`)
  const expected = [2, 5, 2, [2, 4], 9, 'e', 1, 2]
  assert.deepEqual(await main(), expected)
  const caller = green('function caller(main, wait) { return [leaf(1), wait(main()), leaf(2)] }')
  const { wait } = await import('../../src/core/index.ts')
  const { park, parkable } = await import('../../src/green/runtime/index.ts')
  const blocking = parkable((promise: Promise<unknown>) => park(wait(promise)))
  assert.deepEqual(await run(wrap(caller, main, blocking)), [1, expected, 2])
})

it('a cancel that comes right after an async function has parked runs the finally blocks below it', async () => {
  const log: string[] = []
  const main = green(`async function main(log) {
    const slow = () => { try { sleep(1000) } finally { log.push('undone'); leaf(1); log.push('done') } }
    slow()
    log.push('never')
  }`)
  await run(function* () {
    const loop = currentLoop()
    const before = new Set<unknown>(loop.root)
    const promise = main(log) as Promise<unknown>
    const task = [...loop.root].find((task) => !before.has(task)) as Task<unknown>
    assert.equal(task.state, 'parked')
    task.cancel('at once')
    const error = yield* wait(
      promise.then(
        () => null,
        (error: unknown) => error,
      ),
    )
    assert.equal((error as Error).name, 'CancelledError')
  })
  assert.deepEqual(log, ['undone', 'done'])
})

it('an async function called in the midst of green code leaves the announcements of its callers alone', async () => {
  const main = green(`function main(native) {
    const outer = (f) => { later(); return f() }
    const later = async () => { leaf(1); return 7 }
    const results = [outer(() => leaf(3))]
    try { native(() => { later(); return leaf(4) }) } catch (error) { results.push(error.code) }
    return results.concat(leaf(5))
  }`)
  assert.deepEqual(await run(wrap(main, (f: () => unknown) => f())), [3, 'FIBRIL_NATIVE_FRAME', 5])
})

it('a parked task shows the names of its functions', function* () {
  const main = green(
    'function main() { const inner = () => sleep(10); class A { m() { return inner() } } return new A().m() }',
  )
  const task = spawn(wrap(main))
  yield* sleep(5)
  assert.deepEqual(task.frames.slice(0, 3), ['inner', 'm', 'main'])
  assert.equal(task.name, 'start')
  assert.notEqual(currentTask(), task)
})

/** A task's body, compiled, that calls a compiled function. */
function wrap(main: Main, ...args: unknown[]): () => unknown {
  const make = load('exports.make = (main, args) => function start() { return main(...args) }')['make'] as unknown as (
    main: Main,
    args: unknown[],
  ) => () => unknown
  return make(main, args)
}

it.many('yieldNow takes turns at any depth, also where nobody calls it but the engine', async () => {
  const main = green(`function main() {
    const log = []
    function each(id) { for (let i = 0; i < 3; i++) { log.push(id); down(i) } }
    function down(n) { if (n > 0) down(n - 1); else if (yieldNow() !== undefined) log.push('a value') }
    const tasks = ['a', 'b'].map((id) => spawn(() => each(id)))
    spawn(yieldNow)
    tasks.map((task) => join(task))
    return log
  }`)
  assert.deepEqual([...((await run(main)) as string[])].sort(), ['a', 'a', 'a', 'b', 'b', 'b'])
})

it('yieldNow is refused where native code stands between, and outside of tasks', async () => {
  const main = green(`function main() {
    try { JSON.stringify({ toJSON: () => yieldNow() }) } catch (error) { return [error.name, error.message.includes('yieldNow'), yieldNow()] }
  }`)
  assert.deepEqual(await run(main), ['NativeFrameError', true, undefined])
  assert.throws(() => main(), /outside any task/)
})

it.many('a task that takes turns can be cancelled, and runs its finally blocks to their end', async () => {
  const log: unknown[] = []
  const main = green(`function main(log) {
    const turns = () => { for (;;) yieldNow() }
    const other = spawn(() => { try { turns() } catch { log.push('never') } finally { log.push('finally'); yieldNow(); log.push('end') } })
    while (other.state === 'created') yieldNow()
    other.cancel()
    while (other.outcome === null) yieldNow()
    log.push(other.outcome.status)
  }`)
  await run(wrap(main, log))
  assert.deepEqual(log, ['finally', 'end', 'cancelled'])
})

it('yieldNow in an async function that a task does not wait for lets it wait by itself', async () => {
  const main = green(
    `function main() {
    async function later() { const down = () => { yieldNow(); return 1 }; return down() + 1 }
    return wait(later())
  }`,
    { wait: (promise: Promise<unknown>) => promise },
  )
  assert.equal(await run(main), 2)
})

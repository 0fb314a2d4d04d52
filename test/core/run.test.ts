import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Body,
  CancelledError,
  currentLoop,
  currentTask,
  Future,
  fn,
  machine,
  openScope,
  run,
  sleep,
  spawn,
  UsageError,
  useLoop,
  yieldNow,
} from '../../src/core/index.ts'
import { it } from '../support/it.ts'
import { endingText, messages } from './ending.ts'
import { ManualHost } from './manual-host.ts'
import { program } from './program.ts'

const forever = () => sleep(Infinity)

it('spawn.eager takes the first step before it returns, inside a task and outside', function* () {
  const order: string[] = []
  const outer = currentTask()
  const body = function* (): Body<string> {
    order.push(`in ${currentTask()?.name}`)
    yield* sleep(1)
    order.push('on')
    return 'done'
  }
  const task = spawn.eager(body, { name: 'eager' })
  assert.equal(currentTask(), outer, 'the task that spawned it goes on')
  assert.equal(task.parent, null)
  assert.equal(task.state, 'parked')
  order.push('after')
  assert.equal(yield* task, 'done')
  assert.deepEqual(order, ['in eager', 'after', 'on'])
})

it('spawn.eager inside of itself nests', function* () {
  const order: string[] = []
  const nest = (depth: number): void => {
    order.push(`down ${depth}`)
    if (depth < 3)
      spawn.eager(function* () {
        nest(depth + 1)
        yield* yieldNow()
        order.push(`up ${depth}`)
      })
  }
  nest(0)
  yield* sleep(1)
  assert.deepEqual(order.slice(0, 4), ['down 0', 'down 1', 'down 2', 'down 3'])
  assert.deepEqual(order.slice(4).sort(), ['up 0', 'up 1', 'up 2'])
})

it('spawn.eager whose body is over at once, or fails at once, is a task like any other', function* () {
  assert.equal(yield* spawn.eager(() => 1), 1)
  const failing = spawn.eager(() => {
    throw new Error('at once')
  })
  assert.equal(failing.state, 'ended')
  assert.match(yield* endingText(failing), /at once/)
})

it('spawn.eager with a signal that was aborted runs nothing', function* () {
  let ran = false
  const task = spawn.eager(() => void (ran = true), { signal: AbortSignal.abort('no') })
  assert.equal(ran, false)
  assert.match(yield* endingText(task), /cancelled/)
})

/** Microtasks, enough of them for a few `await`s to go on. */
async function microtasks(): Promise<void> {
  for (let i = 0; i < 20; i++) await undefined
}

test('run starts nothing before the caller has given way', () => {
  const host = new ManualHost()
  let ran = false
  const task = run(
    () => {
      ran = true
    },
    { loop: host.loop },
  )
  assert.equal(ran, false)
  assert.equal(task.parent, null)
  host.settle()
  assert.equal(ran, true)
})

it('run inside a task starts one at the root of the same loop', function* () {
  const task = run(() => currentLoop())
  assert.equal(task.parent, null)
  assert.equal(yield* task, currentLoop())
})

test('run takes a name and a signal', () => {
  const host = new ManualHost()
  const controller = new AbortController()
  const task = run(forever, { loop: host.loop, name: 'server', signal: controller.signal })
  assert.equal(task.name, 'server')
  host.settle()
  controller.abort('stop')
  host.settle()
  assert.ok(task.outcome?.status === 'cancelled')
  assert.equal(task.outcome.error.reason, 'stop')
})

test('the loop that is current outside any turn can be set, and put back', async () => {
  const [a, b] = [new ManualHost(), new ManualHost()]
  const undoA = useLoop(a.loop)
  assert.equal(currentLoop(), a.loop)
  const undoB = useLoop(b.loop)
  const task = run(() => 1)
  assert.equal(b.asked, 1)
  undoB()
  assert.equal(currentLoop(), a.loop)
  b.settle()
  assert.equal(await task, 1)
  undoA()
})

test('without a host, run says what to import', async () => {
  const { stdout } = await program(`
    const { run } = await import(new URL('core/index.js', '${new URL('../../src/', import.meta.url)}'))
    try { run(() => 1) } catch (error) { console.log(error.name, error.message) }
  `)
  assert.match(stdout, /^UsageError no host: import from "fibril"/)
})

// -- await operation

test('an awaited operation stands in line at once, in the order of asking', async () => {
  const host = new ManualHost()
  const undo = useLoop(host.loop)
  try {
    const future = new Future<string>()
    const log: string[] = []
    future.wait().then((value) => log.push(`first ${value}`))
    fn(function* () {
      return yield* future
    })().then((value) => log.push(`second ${value}`))
    assert.equal(future.stats().waiting, 2)
    assert.equal(currentTask(), null)
    assert.equal(machine.loop, null)
    future.resolve('value')
    host.settle()
    await microtasks()
    assert.deepEqual(log, ['first value', 'second value'])
  } finally {
    undo()
  }
})

test('an awaited operation that is ready needs no turn; one that fails rejects', async () => {
  const host = new ManualHost()
  const undo = useLoop(host.loop)
  try {
    const ready = new Future<number>()
    ready.resolve(1)
    assert.equal(await ready.wait(), 1)
    assert.equal(
      await fn(function* () {
        return (yield* ready) + 1
      })(),
      2,
    )
    await assert.rejects(
      async () =>
        await fn(function* () {
          throw new Error('boom')
        })(),
      /boom/,
    )
    assert.equal(host.turns, 0)
    assert.equal(host.unclaimed.size, 0)
  } finally {
    undo()
  }
})

test('an awaited operation may spawn, sleep, and be told apart in reports', async () => {
  const host = new ManualHost()
  const undo = useLoop(host.loop)
  try {
    const log: string[] = []
    const named = fn(function* fetchUser() {
      spawn(function* () {
        yield* sleep(5)
        log.push('child')
      })
      yield* sleep(1)
      log.push('body')
      return 'user'
    })
    const promise = named().then((user) => user)
    assert.deepEqual(
      [...host.loop.root].map((task) => task.name),
      ['fetchUser'],
    )
    await microtasks()
    host.advance()
    assert.equal(await promise, 'user')
    assert.deepEqual(log, ['body', 'child'])
  } finally {
    undo()
  }
})

it('an operation that a task awaits by `then` runs on the task’s loop', function* () {
  const loop = currentLoop()
  const seen: unknown[] = []
  const promise = fn(function* () {
    seen.push(currentLoop() === loop)
    yield* sleep(1)
  })().then(() => seen.push('then'))
  assert.deepEqual(seen, [], 'not inside the step that asked')
  yield* sleep(2)
  while (seen.length < 2) yield* yieldNow()
  assert.deepEqual(seen, [true, 'then'])
  void promise
})

// -- openScope

test('an open scope ends when its tasks have ended', async () => {
  const host = new ManualHost()
  const log: string[] = []
  const tasks = openScope({ loop: host.loop })
  const first = tasks.spawn(function* () {
    yield* sleep(5)
    log.push('first')
    return 1
  })
  host.settle()
  tasks.spawn(
    function* () {
      yield* sleep(10)
      log.push('second')
    },
    { name: 'second' },
  )
  assert.deepEqual(
    tasks.tasks.map((task) => task.name),
    ['anonymous', 'second'],
  )
  const closed = tasks.close().then(() => log.push('closed'))
  await microtasks()
  host.advance()
  await closed
  assert.deepEqual(log, ['first', 'second', 'closed'])
  assert.equal(await first, 1)
  assert.throws(() => tasks.spawn(forever), { name: 'UsageError', message: /scope has ended/ })
  assert.deepEqual(tasks.tasks, [])
  await tasks.close()
})

test('a failure in an open scope cancels the others, and is thrown at the end of the block, not before', async () => {
  const host = new ManualHost()
  const log: string[] = []
  const block = async () => {
    await using tasks = openScope({ loop: host.loop })
    tasks.spawn(function* () {
      yield* sleep(1)
      throw new Error('boom')
    })
    tasks.spawn(function* () {
      try {
        yield* forever()
      } finally {
        yield* sleep(5)
        log.push('cleaned')
      }
    })
    host.advance()
    log.push('end of the block')
    assert.equal(host.unclaimed.size, 0, 'not reported before either')
    assert.throws(() => tasks.spawn(forever), UsageError)
  }
  await assert.rejects(block(), /boom/)
  assert.deepEqual(log, ['cleaned', 'end of the block'])
  assert.equal(host.unclaimed.size, 0)
})

test('a block that throws on its own shows that, with the failure of its tasks', async () => {
  const host = new ManualHost()
  const block = async () => {
    await using tasks = openScope({ loop: host.loop })
    tasks.spawn(() => {
      throw new Error('task')
    })
    host.advance()
    throw new Error('block')
  }
  await assert.rejects(block(), (error: Error & { error?: Error; suppressed?: Error }) => {
    assert.equal(error.name, 'SuppressedError')
    assert.equal(error.error?.message, 'task')
    assert.equal(error.suppressed?.message, 'block')
    return true
  })
})

test('an open scope may be cancelled', async () => {
  const host = new ManualHost()
  for (const started of [true, false]) {
    const tasks = openScope({ loop: host.loop })
    const task = tasks.spawn(forever)
    if (started) host.settle()
    tasks.cancel('enough')
    host.settle()
    assert.ok(task.outcome?.status === 'cancelled')
    assert.equal(task.outcome.error.reason, 'enough')
    await assert.rejects(tasks.close(), CancelledError)
  }
  assert.equal(host.unclaimed.size, 0)
})

it.many(
  'an open scope whose task has not run yet waits for its tasks, and throws what failed among them',
  function* () {
    const log: string[] = []
    const cleansUp = function* () {
      try {
        yield* forever()
      } finally {
        yield* sleep(5)
        log.push('cleaned')
      }
    }
    const failing = openScope()
    failing.spawn(cleansUp)
    const fails = failing.spawn(function* () {
      throw new Error('boom')
    })
    yield* endingText(fails)
    const cancelled = openScope()
    const child = cancelled.spawn(cleansUp)
    while (child.state === 'created') yield* yieldNow()
    cancelled.cancel('why')
    const endings: string[] = []
    for (const open of [failing, cancelled]) {
      const closed = new Future<string>()
      open.close().then(
        () => closed.resolve('closed'),
        (error: Error) => closed.resolve(`${error.name}: ${error.message.replace(/^.*: /, '')}`),
      )
      endings.push(yield* closed)
    }
    assert.deepEqual(endings, ['Error: boom', 'CancelledError: why'])
    assert.ok(log.length >= 1)
    assert.ok(child.state === 'ended' && log.at(-1) === 'cleaned')
  },
)

it('an open scope works in async bodies', async () => {
  const log: string[] = []
  {
    await using tasks = openScope()
    tasks.spawn(function* () {
      yield* sleep(10)
      log.push('child')
    })
    await sleep(1)
    log.push('block')
  }
  assert.deepEqual(log, ['block', 'child'])
})

it('an open scope is nobody’s child', function* () {
  const scope = openScope()
  const task = scope.spawn(() => sleep(5))
  assert.equal(task.parent?.parent, null)
  assert.equal(task.parent?.name, 'scope')
  assert.notEqual(task.parent, currentTask())
  void scope.close()
  assert.equal(yield* endingText(task), 'done: undefined')
  yield* sleep(1)
})

test('several failures in an open scope are one AggregateError', async () => {
  const host = new ManualHost()
  const tasks = openScope({ loop: host.loop })
  for (const message of ['a', 'b']) {
    tasks.spawn(function* () {
      yield* sleep(1)
      throw new Error(message)
    })
  }
  host.advance()
  const error: unknown = await tasks.close().then(
    () => assert.fail('did not fail'),
    (failure) => failure,
  )
  assert.deepEqual(messages(error), ['a', 'b'])
})

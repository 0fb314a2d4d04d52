import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import {
  addInstrument,
  type Body,
  fn,
  race,
  run,
  shield,
  sleep,
  spawn,
  type Task,
  type TaskBody,
  TimeoutError,
  timeout,
  UsageError,
  yieldNow,
} from '../../src/core/index.ts'
import { it } from '../support/it.ts'
import { ending, endingText } from './ending.ts'
import { ManualHost } from './manual-host.ts'

test('a plain yield lets every task that is ready run once, in the order in which they came', () => {
  const log: string[] = []
  const host = new ManualHost()
  run(
    function* () {
      for (const name of ['a', 'b', 'c']) {
        spawn(function* () {
          for (let round = 0; round < 3; round++) {
            log.push(name + round)
            if (round === 1) yield* yieldNow()
            else yield
          }
        })
      }
    },
    { loop: host.loop },
  )
  host.advance(0)
  assert.deepEqual(log, ['a0', 'b0', 'c0', 'a1', 'b1', 'c1', 'a2', 'b2', 'c2'])
})

it('it gives nothing, wherever it stands', function* () {
  function* bare(): Body<unknown[]> {
    return [yield, yield, yield undefined]
  }
  const call = fn(function* () {
    return [yield, ...(yield* bare())]
  })
  const nothing = [undefined, undefined, undefined]
  assert.deepEqual(yield* bare(), nothing)
  assert.deepEqual(yield* call(), [undefined, ...nothing])
  assert.deepEqual(yield* spawn(bare), nothing)
  assert.deepEqual(yield* spawn(call()), [undefined, ...nothing])
  assert.deepEqual(yield* timeout(5, call()), [undefined, ...nothing])
  assert.deepEqual(yield* race([call(), sleep(5)]), [undefined, ...nothing])
  assert.deepEqual(yield* shield(call()), [undefined, ...nothing])
  assert.deepEqual(yield* spawn(() => ({ next: step([1, 2]), throw: step([]) }) as never), 'last')
})

/** `next` of an iterator that nobody wrote as a generator, and whose results say no more than they must. */
function step(left: unknown[]) {
  return () => (left.pop() === undefined ? { done: true, value: 'last' } : {})
}

it('a frame that is many calls deep gives way from where it stands', function* () {
  const dive = fn(function* (depth: number): Body<number> {
    if (depth > 0) return 1 + (yield* dive(depth - 1))
    for (let i = 0; i < 10; i++) yield
    return 0
  })
  assert.equal(yield* dive(500), 500)
})

for (const [where, body] of places()) {
  it.many(`a cancel at a plain yield ${where} runs each finally once, and nothing goes on`, function* () {
    const log: string[] = []
    const task = spawn(body(log))
    for (let turn = 0; turn < 3; turn++) yield
    assert.notEqual(task.state, 'ended')
    task.cancel('why')
    assert.equal(yield* endingText(task), 'cancelled: why')
    // Under some schedules it has not begun.
    if (log.length > 0) assert.deepEqual(log, where === 'of its own' ? ['outer'] : ['inner', 'outer'])
  })
}

function places(): [string, (log: string[]) => TaskBody<void>][] {
  function* inner(log: string[]): Body<void> {
    try {
      for (;;) yield
    } finally {
      log.push('inner')
    }
  }
  const call = fn(inner)
  const around = (log: string[], body: (log: string[]) => Body<void>) =>
    function* () {
      try {
        yield* body(log)
        log.push('went on')
      } catch {
        log.push('caught')
      } finally {
        log.push('outer')
      }
      log.push('went on')
    }
  return [
    ['in a call', (log) => around(log, (log) => call(log)[Symbol.iterator]() as unknown as Body<void>)],
    ['of a generator that is delegated to', (log) => around(log, inner)],
    [
      'of its own',
      (log) =>
        function* () {
          try {
            for (;;) yield
          } finally {
            log.push('outer')
          }
        },
    ],
  ]
}

it('a deadline reaches a task that does nothing but give way', function* (host) {
  const spins = fn(function* () {
    for (;;) {
      if (host.now() > 3) assert.fail('it was let run on')
      yield
      yield* sleep(1)
    }
  })
  yield* endsBy(timeout(2, spins()))
})

const endsBy = fn(function* (limited: ReturnType<typeof timeout<never>>) {
  try {
    yield* limited
    assert.fail('it ended')
  } catch (error) {
    assert.ok(error instanceof TimeoutError)
  }
})

it('in a finally that runs for any other reason than a cancel it gives way as elsewhere', function* () {
  const log: string[] = []
  const cleans = fn(function* (fails: boolean) {
    try {
      if (fails) throw new Error('boom')
      return 'done'
    } finally {
      log.push('begins')
      yield
      log.push('ends')
    }
  })
  assert.equal(yield* cleans(false), 'done')
  try {
    yield* cleans(true)
    assert.fail('it ended')
  } catch (error) {
    assert.equal((error as Error).message, 'boom')
  }
  assert.deepEqual(log, ['begins', 'ends', 'begins', 'ends'])
})

/** Cancels `body` after 1 ms, and tells how it ended and what it said. */
function cancelled(body: (log: string[]) => TaskBody<unknown>): { task: Task<unknown>; log: string[] } {
  const log: string[] = []
  const host = new ManualHost()
  const task = run(body(log), { loop: host.loop })
  host.advance(1)
  task.cancel('why')
  host.advance()
  host.advance()
  return { task, log }
}

function refused(task: Task<unknown>, name: string): void {
  const { outcome } = task
  assert.equal(outcome?.status, 'failed')
  assert.ok(outcome.error instanceof UsageError, String(outcome.error))
  assert.match(outcome.error.message, /plain `yield` .* cancelled.*write `yield\* yieldNow\(\)`/)
  assert.ok(outcome.error.message.includes(`a \`finally\` of ${name}(…)`), outcome.error.message)
}

test('in a finally that runs because of a cancel it is refused, and the cleanup of others goes on', () => {
  const { task, log } = cancelled(
    (log) =>
      function* () {
        try {
          yield* fn(function* cleans() {
            try {
              yield* sleep(Infinity)
            } finally {
              log.push('begins')
              yield
              log.push('ends')
            }
          })()
          log.push('went on')
        } finally {
          log.push('outer begins')
          yield* sleep(1)
          log.push('outer ends')
        }
      },
  )
  assert.deepEqual(log, ['begins', 'outer begins', 'outer ends'])
  refused(task, 'cleans')
})

test('there in a generator that is delegated to, its callers never go on', () => {
  const { task, log } = cancelled(
    (log) =>
      function* delegates() {
        function* inner(): Body<void> {
          try {
            yield* sleep(Infinity)
          } finally {
            log.push('inner')
            yield
            log.push('inner went on')
          }
        }
        try {
          yield* inner()
          log.push('went on')
        } finally {
          log.push('outer')
        }
        log.push('went on')
      },
  )
  assert.deepEqual(log, ['inner', 'outer'])
  refused(task, 'delegates')
})

test('what a finally calls may give way, and so may it itself once it has waited', () => {
  const { task, log } = cancelled(
    (log) =>
      function* () {
        const call = fn(function* () {
          yield
          yield
          log.push('call')
        })
        try {
          yield* sleep(Infinity)
        } finally {
          yield* call()
          yield
          yield* yieldNow()
          yield
          log.push('ends')
        }
      },
  )
  assert.equal(task.outcome?.status, 'cancelled')
  assert.deepEqual(log, ['call', 'ends'])
})

it.many('it gives nothing while somebody begins and ceases to listen, and between other waits', function* () {
  const inner = fn(function* () {
    const given = [yield, yield]
    yield* yieldNow()
    return [...given, yield]
  })
  const tasks = Array.from({ length: 4 }, (_, id) =>
    spawn(function* () {
      const given: unknown[] = []
      for (let i = 0; i < 20; i++) {
        given.push(yield, yield)
        if (i % 4 === id) yield* yieldNow()
        if (i % 5 === id) yield* sleep(1)
        if (i % 6 === id) given.push(...(yield* inner()))
        given.push(yield)
      }
      return given
    }),
  )
  const listening = spawn(function* () {
    for (let i = 0; i < 20; i++) {
      const remove = addInstrument({})
      yield
      yield
      remove()
      yield
    }
  })
  for (const task of tasks) {
    const given = yield* task
    assert.ok(given.length >= 60)
    assert.ok(given.every((value) => value === undefined))
  }
  yield* listening
})

it('instruments hear of it as of any wait', function* () {
  const log: string[] = []
  const note = (what: string) => (task: { name: string }, reason?: string) => {
    if (task.name === 'gives') log.push(reason === undefined ? what : `${what}: ${reason}`)
  }
  const remove = addInstrument({
    stepBegins: note('begins'),
    stepEnds: note('ends'),
    parked: note('parked'),
    ready: note('ready'),
  })
  try {
    yield* spawn(function* gives() {
      yield
      yield
    })
  } finally {
    remove()
  }
  const turn = ['begins', 'parked: its turn', 'ready', 'ends']
  assert.deepEqual(log, [...turn, ...turn, 'begins', 'ends'])
})

test('each task keeps its context across it', async () => {
  const storage = new AsyncLocalStorage<number>()
  await run(function* () {
    const tasks = Array.from({ length: 10 }, (_, i) =>
      storage.run(i, () =>
        spawn(function* () {
          for (let round = 0; round < 10; round++) {
            assert.equal(storage.getStore(), i)
            yield
          }
        }),
      ),
    )
    for (const task of tasks) yield* task
  })
})

test('a million of them keep neither timers nor input from their turn', async () => {
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  let turns = 0
  await run(function* () {
    const spins = fn(function* () {
      while (ticks < 3 || turns < 1_000_000) {
        turns++
        yield
      }
    })
    const tasks = [spawn(spins()), spawn(spins())]
    for (const task of tasks) yield* ending(task)
  })
  clearInterval(timer)
})

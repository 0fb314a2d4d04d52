import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addInstrument,
  Future,
  type Instrument,
  reportInstrumentFaultsTo,
  run,
  sleep,
  spawn,
  type TaskView,
  yieldNow,
} from '../../src/core/index.ts'
import { ManualHost } from './manual-host.ts'

/** An instrument that keeps what it hears, as text. */
function recorder(): { instrument: Required<Instrument>; log: string[] } {
  const log: string[] = []
  const told = (what: string) => (task: TaskView, more?: string) => {
    log.push(`${what} ${task.name}${more === undefined ? '' : ` ${more}`} (${task.state})`)
  }
  return {
    log,
    instrument: {
      spawned: told('spawned'),
      ready: told('ready'),
      stepBegins: told('begins'),
      stepEnds: told('ends'),
      parked: told('parked'),
      ended: told('ended'),
    },
  }
}

/** Runs `program` with `instrument` listening. */
function heard(instrument: Instrument, program: (host: ManualHost) => void): void {
  const remove = addInstrument(instrument)
  try {
    program(new ManualHost())
  } finally {
    remove()
  }
}

test('every hook is called, in order', () => {
  const { instrument, log } = recorder()
  heard(instrument, (host) => {
    run(
      function* parent() {
        spawn(function* child() {
          yield* sleep(5)
        })
      },
      { loop: host.loop },
    )
    host.advance()
  })
  assert.deepEqual(log, [
    'spawned parent (created)',
    'begins parent (running)',
    'spawned child (created)',
    'parked parent its children to end (parked)',
    'ends parent (parked)',
    'begins child (running)',
    'parked child 5 ms to pass (parked)',
    'ends child (parked)',
    'ready child (ready)',
    'begins child (running)',
    'ended child done (ended)',
    'ready parent (ready)',
    'ends child (ended)',
    'begins parent (running)',
    'ended parent done (ended)',
    'ends parent (ended)',
  ])
})

test('cancels and failures are told', () => {
  const { instrument, log } = recorder()
  heard(instrument, (host) => {
    const { loop } = host
    const unstarted = run(() => 1, { loop, name: 'unstarted' })
    unstarted.cancel()
    const parked = run(() => sleep(Infinity), { loop, name: 'parked' })
    run(
      () => {
        throw new Error('boom')
      },
      { loop, name: 'failing' },
    )
    host.settle()
    parked.cancel()
    host.settle()
  })
  assert.deepEqual(
    log.filter((line) => line.startsWith('ended') || line.startsWith('ready')),
    [
      'ended unstarted cancelled (ended)',
      'ended failing failed (ended)',
      'ready parked (ready)',
      'ended parked cancelled (ended)',
    ],
  )
  assert.ok(!log.some((line) => line.startsWith('begins unstarted')))
})

test('steps begin and end in pairs, parks and wakes alternate, every task ends once', () => {
  const open = new Set<string>()
  const parked = new Set<TaskView>()
  const alive = new Set<TaskView>()
  let steps = 0
  heard(
    {
      spawned: (task) => void alive.add(task),
      stepBegins: (task) => {
        steps++
        assert.equal(open.size, 0)
        assert.ok(!parked.has(task))
        open.add(task.name)
      },
      stepEnds: (task) => assert.ok(open.delete(task.name)),
      parked: (task) => {
        assert.ok(!parked.has(task))
        parked.add(task)
      },
      ready: (task) => assert.ok(parked.delete(task), `${task} was not parked`),
      ended: (task) => assert.ok(alive.delete(task)),
    },
    (host) => {
      run(
        function* () {
          const go = new Future<void>()
          const tasks = Array.from({ length: 20 }, (_, i) =>
            spawn(function* () {
              try {
                yield* sleep(i % 3)
                yield* go
                yield* yieldNow()
              } finally {
                yield* sleep(1)
              }
            }),
          )
          yield* sleep(1)
          for (const task of tasks.slice(0, 10)) task.cancel()
          go.resolve()
        },
        { loop: host.loop },
      )
      host.advance()
    },
  )
  assert.ok(steps > 60)
  assert.deepEqual([alive.size, parked.size, open.size], [0, 0, 0])
})

test('one that throws is removed and reported, once; the program and the other instruments go on', () => {
  for (const hook of ['spawned', 'ready', 'stepBegins', 'stepEnds', 'parked', 'ended'] as const) {
    const faults: string[] = []
    reportInstrumentFaultsTo((error) => faults.push((error as Error).message))
    const calls: string[] = []
    const bad: Instrument = {}
    for (const each of ['spawned', 'ready', 'stepBegins', 'stepEnds', 'parked', 'ended'] as const) {
      bad[each] = () => {
        calls.push(each)
        if (calls.includes(hook)) throw new Error(each)
      }
    }
    const { instrument, log } = recorder()
    const removeBad = addInstrument(bad)
    let task: TaskView | undefined
    heard(instrument, (host) => {
      task = run(() => sleep(1), { loop: host.loop })
      host.advance()
    })
    removeBad()
    assert.deepEqual(faults, [hook])
    assert.equal(calls.at(-1), hook)
    assert.equal(task?.state, 'ended')
    assert.equal(log.length, 8, log.join())
  }
  reportInstrumentFaultsTo(() => {})
})

test('who is removed hears nothing more, also from inside a hook', () => {
  const log: string[] = []
  const remove: (() => void)[] = []
  const host = new ManualHost()
  remove.push(
    addInstrument({
      stepBegins: () => {
        log.push('begins')
        remove[0]?.()
      },
      stepEnds: () => void log.push('ends'),
    }),
  )
  run(() => sleep(1), { loop: host.loop })
  host.advance()
  assert.deepEqual(log, ['begins'])
  remove[0]?.()
})

test('one that was added during a step hears from then on', () => {
  const { instrument, log } = recorder()
  const host = new ManualHost()
  let remove = () => {}
  run(
    function* main() {
      remove = addInstrument(instrument)
      yield* sleep(1)
    },
    { loop: host.loop },
  )
  host.advance()
  remove()
  assert.equal(log[0], 'parked main 1 ms to pass (parked)')
  assert.equal(log.at(-1), 'ends main (ended)')
})

test('where nobody listens, nothing is called: reasons are not even asked for', () => {
  const host = new ManualHost()
  let asked = 0
  class Watched extends Future<void> {
    override toString(): string {
      asked++
      return super.toString()
    }
  }
  const future = new Watched()
  run(future.wait(), { loop: host.loop, name: 'main' })
  const before = asked
  host.settle()
  future.resolve()
  host.settle()
  assert.equal(asked, before)
})

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { DeadlockError, Future, sleep, spawn, timeout, wait, yieldNow } from '../../src/core/index.ts'
import {
  ExploreError,
  type ExploreOptions,
  explore,
  LeakError,
  type Program,
  TestHost,
} from '../../src/testing/index.ts'
import * as bugs from './planted-bugs.ts'

// A seed in the environment would replace the seeds whose effects are looked at here.
const { SEED } = process.env
beforeEach(() => {
  delete process.env['SEED']
})
afterEach(() => {
  if (SEED !== undefined) process.env['SEED'] = SEED
})

async function failureOf(program: Program, options?: ExploreOptions): Promise<ExploreError> {
  try {
    await explore(program, options)
  } catch (error) {
    if (error instanceof ExploreError) return error
    throw error
  }
  return assert.fail('no schedule failed')
}

/** A failure without the numbers of tasks, which count on from run to run. */
const text = (error: unknown): string => String((error as ExploreError).cause).replaceAll(/#\d+/g, '#')

describe('explore', () => {
  // How many runs it takes was measured for 300 base seeds: the largest was 96.
  for (const [name, program] of Object.entries(bugs)) {
    it(`finds the planted ${name} within 250 runs, and replays it`, async () => {
      for (let seed = 1; seed <= 10; seed++) {
        const found = await failureOf(program, { seed, runs: 250 })
        assert.notEqual(found.run, 1, 'the natural order is right')
        process.env['SEED'] = String(found.seed)
        const again = await failureOf(program)
        delete process.env['SEED']
        assert.equal(again.seed, found.seed)
        assert.equal(text(again), text(found))
        assert.deepEqual(again.steps, found.steps)
        assert.ok(found.steps.length > 0)
        await assert.rejects(
          new TestHost({ seed: found.seed }).run(program),
          (error) => String(error).replaceAll(/#\d+/g, '#') === text(found),
        )
      }
    })
  }

  it('says what fails, in which run, how to replay it, and which steps led there', async () => {
    const error = await failureOf(
      function* () {
        const order: string[] = []
        const task = function* (name: string) {
          yield* yieldNow()
          order.push(name)
        }
        spawn(() => task('a'), { name: 'a' })
        spawn(() => task('b'), { name: 'b' })
        yield* sleep(1)
        if (order[0] === 'b') throw new Error('b was first')
      },
      { seed: 3 },
    )
    assert.equal(error.code, 'FIBRIL_EXPLORE')
    assert.match(
      error.message,
      new RegExp(`^run ${error.run} of 1000 failed, with seed ${error.seed}: Error: b was first\n`),
    )
    assert.match(
      error.message,
      new RegExp(`SEED=${error.seed} in the environment replays this schedule alone.*: .* #1, `),
    )
    assert.equal((error.cause as Error).message, 'b was first')
    assert.match((error.cause as Error).stack ?? '', new RegExp(`SEED=${error.seed} replays this schedule$`))
    assert.equal(error.steps.filter((step) => step.startsWith('a #2') || step.startsWith('b #3')).length, 4)
  })

  it('runs the natural order first', async () => {
    const error = await failureOf(() => {
      throw new Error('always')
    })
    assert.equal(error.run, 1)
    assert.equal(error.seed, 0)
  })

  it('tells how many schedules it has seen', async () => {
    const program = function* () {
      for (let i = 0; i < 3; i++) spawn(() => {})
    }
    assert.deepEqual(await explore(program, { runs: 300, seed: 9 }), { runs: 300, distinct: 6, seed: 9 })
    const alone = await explore(() => sleep(1), { runs: 10 })
    assert.equal(alone.distinct, 1)
  })

  it('follows from its seed', async () => {
    const orders = async (seed: number): Promise<string[]> => {
      const seen: string[] = []
      await explore(
        function* () {
          let order = ''
          for (const name of 'abcd') {
            spawn(() => {
              order += name
            })
          }
          yield* sleep(1)
          seen.push(order)
        },
        { runs: 20, seed },
      )
      return seen
    }
    assert.deepEqual(await orders(1), await orders(1))
    assert.notDeepEqual(await orders(1), await orders(2))
  })

  it('takes a body, what gives a body, a plain and an async function', async () => {
    let runs = 0
    await explore(
      () => {
        const state = { value: 0 }
        return function* () {
          yield* sleep(1)
          state.value++
          assert.equal(state.value, 1)
          runs++
        }
      },
      { runs: 5 },
    )
    await explore(() => void runs++, { runs: 5 })
    await explore(
      async (host) => {
        await sleep(1e6)
        assert.equal(host.now(), 1e6)
        runs++
      },
      { runs: 5 },
    )
    assert.equal(runs, 15)
  })

  it('finds deadlocks, leaks and endless programs', async () => {
    assert.ok((await failureOf(() => new Future('never').wait())).cause instanceof DeadlockError)
    assert.ok((await failureOf(() => void spawn.detached(() => sleep(1)))).cause instanceof LeakError)
    const spinning = await failureOf(
      function* () {
        for (;;) yield* yieldNow()
      },
      { maxSteps: 10_000 },
    )
    assert.match(spinning.message, /has not ended/)
  })

  it('gives way in a program that spins, whatever the ranks', async () => {
    const { runs } = await explore(
      function* () {
        let done = false
        for (let i = 0; i < 3; i++) {
          spawn(function* () {
            while (!done) yield* yieldNow()
          })
        }
        spawn(function* () {
          for (let i = 0; i < 5; i++) yield* yieldNow()
          done = true
        })
      },
      { runs: 100, seed: 1 },
    )
    assert.equal(runs, 100)
  })

  it('waits for promises, also for those that no task waits for', async () => {
    await explore(
      function* (host) {
        const future = new Future<void>()
        const hidden = async (): Promise<void> => {
          await undefined
          future.resolve()
        }
        void hidden()
        yield* timeout(1000, future.wait())
        yield* wait(Promise.resolve())
        assert.equal((host as TestHost).now(), 0)
      },
      { runs: 20 },
    )
  })

  it('explores async programs too', async () => {
    const error = await failureOf(
      async () => {
        let balance = 0
        const deposit = async (): Promise<void> => {
          const before = balance
          await sleep(before === 0 ? 1 : 2)
          balance = before + 1
        }
        await Promise.all([deposit(), sleep(1).then(deposit)])
        assert.equal(balance, 2)
      },
      { runs: 100, seed: 1 },
    )
    assert.match(String(error.cause), /Expected values to be strictly equal/)
  })

  it('says so when a failure does not come again under its seed', async () => {
    let runs = 0
    const error = await failureOf(() => {
      if (++runs % 4 === 3) throw new Error('every fourth time')
    })
    assert.match(error.message, /did not fail again under this seed/)
    assert.deepEqual(error.steps, [])
  })

  it('leaves no instrument and no loop behind', async () => {
    const { instruments } = await import('../../src/core/instrument.ts')
    const { machine } = await import('../../src/core/machine.ts')
    await failureOf(() => new Future('never').wait())
    assert.equal(instruments.active, null)
    assert.equal(machine.loop, null)
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addInstrument } from '../../src/core/index.ts'
import { TestHost } from '../../src/testing/index.ts'
import { ManualHost } from './manual-host.ts'
import { Play, programOf, randomOf } from './random-program.ts'

// SEED=n in the environment runs that one program alone, under that schedule.
const only = process.env['SEED'] ? Number(process.env['SEED']) : null
// Half of the seeds are the same in each run; the others look elsewhere each time, but for CI.
const fresh = process.env['CI'] ? 2 ** 20 : Math.floor(Math.random() * 2 ** 30)
const seedsOf = (count: number) =>
  only === null ? Array.from({ length: count }, (_, i) => (i < count / 2 ? i : fresh + i)) : [only]

/** Runs one program in the order that the seed gives; the steps that it took. */
function play(seed: number, onTestHost: boolean): string[] {
  const host = onTestHost ? new TestHost({ seed }) : shuffled(seed)
  const program = programOf(seed, !onTestHost)
  const game = new Play(program, () => (host instanceof TestHost ? host.now() : host.clock), !onTestHost)
  const remove = addInstrument(game.instrument)
  try {
    if (host instanceof TestHost) {
      host.runSync(function* main() {
        try {
          yield* game.run()
        } finally {
          // Tasks that hang on the loop may fail with nobody waiting.
          host.takeUnhandled()
        }
      })
    } else {
      host.run(() => game.run())
      const { ready, timers, externals } = host.loop.stats()
      if (ready + timers + externals > 0)
        game.violations.push(`left: ${ready} ready, ${timers} timers, ${externals} held`)
    }
  } catch (error) {
    game.violations.push(error instanceof Error ? (error.stack as string) : String(error))
  } finally {
    remove()
  }
  if (game.violations.length > 0) {
    const trace = game.trace.slice(-60).join('\n  ')
    assert.fail(
      `SEED=${seed}: ${game.violations.join('\n')}\nthe program: ${JSON.stringify(program)}\nits last steps:\n  ${trace}`,
    )
  }
  return game.trace
}

/** A host that mends misuse, with a random schedule. */
function shuffled(seed: number): ManualHost {
  const host = new ManualHost()
  const random = randomOf(~seed)
  return Object.assign(host, { pick: (ready: number) => random(ready) })
}

test('what is guaranteed holds of thousands of random programs, each in a random order', () => {
  for (const seed of seedsOf(800)) play(seed, true)
})

test('it holds where finally blocks of bare generators wait, too', () => {
  for (const seed of seedsOf(1200)) play(seed, false)
})

test('the same seed takes the same steps', () => {
  for (const seed of seedsOf(60)) {
    assert.deepEqual(play(seed, true), play(seed, true))
    assert.deepEqual(play(seed, false), play(seed, false))
  }
})

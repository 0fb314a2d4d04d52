/* parks.mjs as coroutines on the same engine. */
import { loadFibril } from '../peers.mjs'

const { fn, run, sleep, spawn, yieldNow } = await loadFibril('fn', 'run', 'sleep', 'spawn', 'yieldNow')

const tookNoTurns = 'A task ran twice in a row: it did not park'

const down = fn(function* descending(frames, i) {
  if (frames > 1) return yield* down(frames - 1, i)
  yield* yieldNow()
  return i
})

const descend = fn(function* (frames, times, turns, id) {
  let sum = 0
  for (let i = 0; i < times; i++) {
    if (turns.last === id) throw new Error(tookNoTurns)
    turns.last = id
    sum += yield* down(frames, i & 1)
  }
  return sum
})

export const descents = (frames, times, turns) =>
  run(function* () {
    const other = spawn(descend(frames, times, turns, 1))
    return (yield* descend(frames, times, turns, 0)) + (yield* other)
  })

const stay = fn(function* staying(frames, times, turns, id) {
  if (frames > 1) return yield* stay(frames - 1, times, turns, id)
  for (let i = 0; i < times; i++) {
    if (turns.last === id) throw new Error(tookNoTurns)
    turns.last = id
    yield* yieldNow()
  }
  return times
})

export const stays = (frames, times, turns) =>
  run(function* () {
    const other = spawn(stay(frames, times, turns, 1))
    return (yield* stay(frames, times, turns, 0)) + (yield* other)
  })

const asleep = fn(function* sleeping(frames, ms) {
  if (frames > 1) return yield* asleep(frames - 1, ms)
  yield* sleep(ms)
  return ms
})

export const sleepers = (frames, count, ms, whenAsleep) =>
  run(function* () {
    const tasks = []
    for (let i = 0; i < count; i++) tasks.push(spawn(asleep(frames, ms)))
    yield* yieldNow()
    whenAsleep()
    for (const task of tasks) yield* task
  })

/* Green code that parks below other frames. To be compiled. */
import { run, sleep, spawn, yieldNow } from 'fibril/green'

const tookNoTurns = 'A task ran twice in a row: it did not park'

/** Parks once at the bottom of `frames` frames that are entered anew. */
function down(frames, i) {
  if (frames > 1) return down(frames - 1, i)
  yieldNow()
  return i
}

function descend(frames, times, turns, id) {
  let sum = 0
  for (let i = 0; i < times; i++) {
    if (turns.last === id) throw new Error(tookNoTurns)
    turns.last = id
    sum += down(frames, i & 1)
  }
  return sum
}

/** Two tasks in turn; `times` parks each. */
export function descents(frames, times, turns) {
  return run(() => {
    const other = spawn(descend, frames, times, turns, 1)
    return descend(frames, times, turns, 0) + other.join()
  })
}

/** Parks again and again at the bottom of frames that stay. */
function stay(frames, times, turns, id) {
  if (frames > 1) return stay(frames - 1, times, turns, id)
  for (let i = 0; i < times; i++) {
    if (turns.last === id) throw new Error(tookNoTurns)
    turns.last = id
    yieldNow()
  }
  return times
}

export function stays(frames, times, turns) {
  return run(() => {
    const other = spawn(stay, frames, times, turns, 1)
    return stay(frames, times, turns, 0) + other.join()
  })
}

/** Sleeps `frames` frames deep. */
function asleep(frames, ms) {
  if (frames > 1) return asleep(frames - 1, ms)
  sleep(ms)
  return ms
}

export function sleepers(frames, count, ms, whenAsleep) {
  return run(() => {
    const tasks = []
    for (let i = 0; i < count; i++) tasks.push(spawn(asleep, frames, ms))
    yieldNow()
    whenAsleep()
    for (const task of tasks) task.join()
  })
}

/* parks.mjs as async functions. */

const tookNoTurns = 'A task ran twice in a row: it did not park'

async function down(frames, i) {
  if (frames > 1) return await down(frames - 1, i)
  await undefined
  return i
}

async function descend(frames, times, turns, id) {
  let sum = 0
  for (let i = 0; i < times; i++) {
    if (turns.last === id) throw new Error(tookNoTurns)
    turns.last = id
    sum += await down(frames, i & 1)
  }
  return sum
}

export async function descents(frames, times, turns) {
  const other = descend(frames, times, turns, 1)
  return (await descend(frames, times, turns, 0)) + (await other)
}

async function stay(frames, times, turns, id) {
  if (frames > 1) return await stay(frames - 1, times, turns, id)
  for (let i = 0; i < times; i++) {
    if (turns.last === id) throw new Error(tookNoTurns)
    turns.last = id
    await undefined
  }
  return times
}

export async function stays(frames, times, turns) {
  const other = stay(frames, times, turns, 1)
  return (await stay(frames, times, turns, 0)) + (await other)
}

async function asleep(frames, ms) {
  if (frames > 1) return await asleep(frames - 1, ms)
  await new Promise((resolve) => setTimeout(resolve, ms))
  return ms
}

export async function sleepers(frames, count, ms, whenAsleep) {
  const tasks = []
  for (let i = 0; i < count; i++) tasks.push(asleep(frames, ms))
  whenAsleep()
  for (const task of tasks) await task
}

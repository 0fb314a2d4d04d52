const PHASES = {
  full: { warmUp: 200, measured: 200 },
  quick: { warmUp: 80, measured: 60 },
}

/**
 * Nanoseconds per operation, collections of garbage included, over as many runs of `size` operations as there is time
 * for after a warm-up.
 *
 * Don't force a collection between the runs: V8 then shrinks the young generation, and whatever keeps 10,000 objects
 * alive for a moment is copied again and again until it has grown back. That alone made some contenders 3 × slower.
 *
 * @param {(size: number) => unknown} workload
 * @param {number} size
 * @param {{ quick: boolean }} options
 */
export async function timed(workload, size, { quick }) {
  if (workload.measuresItself) return { ns: workload(size) }
  const { warmUp, measured } = quick ? PHASES.quick : PHASES.full
  await repeat(warmUp, () => workload(size))
  const { runs, total } = await repeat(measured, () => workload(size))
  return { ns: (total * 1e6) / (runs * size) }
}

/**
 * The same, in time of the processor, for what never waits: however busy the machine is, as much of it is run. The
 * collector's other threads are counted as well.
 *
 * @param {(size: number) => unknown} workload
 * @param {number} size
 * @param {{ quick: boolean }} options
 */
export async function computed(workload, size, { quick }) {
  const { warmUp, measured } = quick ? PHASES.quick : PHASES.full
  await repeat(2 * warmUp, () => workload(size), cpuTime)
  const { runs, total } = await repeat(measured, () => workload(size), cpuTime)
  return { cpu: (total * 1e6) / (runs * size) }
}

function cpuTime() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Runs `work` for at least `ms`, and three times unless that takes long. */
async function repeat(ms, work, now = () => performance.now()) {
  let runs = 0
  let total = 0
  const start = now()
  while (total < ms || (runs < 3 && total < 3 * ms)) {
    await work()
    runs++
    total = now() - start
  }
  return { runs, total }
}

/** What lives, in bytes. `external` counts array buffers too, so `arrayBuffers` is not added. */
export function liveBytes() {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** A second collection frees what the first one's finalisers and weak references let go. */
function collectGarbage() {
  globalThis.gc()
  globalThis.gc()
}

/**
 * The same delays in every process, evenly spread over [0, span).
 *
 * @param {number} count
 * @param {number} span in ms
 */
export function spreadDelays(count, span) {
  const delays = new Float64Array(count)
  let state = 0x9e3779b9
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    delays[i] = (state / 2 ** 32) * span
  }
  return delays
}

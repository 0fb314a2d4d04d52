import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { quantile } from './statistics.mjs'

const TIMER_MS = 5

/**
 * What a load is given: each of its tasks calls `arrive` first, and then goes on while `isOn`. The probes start with the
 * last arrival, when whatever it takes to make so many tasks is over.
 * The load must end by itself, because one that starves the host's loop cannot be told from outside.
 */
class LoadControl {
  steps = 0
  /** In the time of `performance.now`, as `start`. */
  deadline = Number.POSITIVE_INFINITY
  start = 0
  #awaited
  #ms
  #whenBegun
  #on = true

  constructor(tasks, ms, whenBegun) {
    this.#awaited = tasks
    this.#ms = ms
    this.#whenBegun = whenBegun
  }

  arrive() {
    if (--this.#awaited > 0) return
    this.steps = 0
    this.start = performance.now()
    this.deadline = this.start + this.#ms
    this.#whenBegun()
  }

  get isOn() {
    // Reading the clock costs more than a step of a task.
    if (++this.steps % 64 === 0 && performance.now() >= this.deadline) this.#on = false
    return this.#on
  }
}

/**
 * How the host's own events fare beside a load: turns of the event loop, a timer, and an echo over a loopback socket.
 *
 * @param {(control: LoadControl, tasks: number) => Promise<unknown>} load
 * @param {number} tasks
 * @param {number} ms how long
 */
export async function probeLoop(load, tasks, ms) {
  const echo = await openEcho()
  let probes
  const control = new LoadControl(tasks, ms, () => {
    probes = [turns(control), timers(control), echo.roundTrips(control)]
  })
  await load(control, tasks)
  const seconds = (performance.now() - control.start) / 1000
  const [{ gaps, work }, lateness, roundTrips] = await Promise.all(probes)
  echo.close()
  const result = {
    workP99: quantile(work, 0.99),
    turnP99: quantile(gaps, 0.99),
    turnMax: quantile(gaps, 1),
    timerMax: quantile(lateness, 1),
    echoP99: quantile(roundTrips, 0.99),
    echoMax: quantile(roundTrips, 1),
    steps: control.steps / seconds / 1e6,
  }
  // The one gap is that of the turn after the load.
  return gaps.length > 1 ? result : { ...result, note: `starved: no turn of the loop in ${ms} ms` }
}

/** Times between the turns of the event loop, and what the process worked in them: another process adds to the first. */
function turns(control) {
  return new Promise((resolve) => {
    const gaps = []
    const work = []
    let last = performance.now()
    let lastWorked = worked()
    setImmediate(function turn() {
      const now = performance.now()
      const nowWorked = worked()
      gaps.push(now - last)
      work.push(nowWorked - lastWorked)
      last = now
      lastWorked = nowWorked
      if (now < control.deadline) setImmediate(turn)
      else resolve({ gaps, work })
    })
  })
}

/** CPU time of this process, in ms. */
function worked() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** How late a timer of a few ms fires, again and again. */
function timers(control) {
  return new Promise((resolve) => {
    const lateness = []
    let due = performance.now() + TIMER_MS
    setTimeout(function fire() {
      const now = performance.now()
      lateness.push(now - due)
      due = now + TIMER_MS
      if (now < control.deadline) setTimeout(fire, TIMER_MS)
      else resolve(lateness)
    }, TIMER_MS)
  })
}

/** A server and its client, both in this process: a round trip needs two turns of the loop. */
async function openEcho() {
  const server = createServer({ noDelay: true }, (socket) => socket.on('data', (data) => socket.write(data)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({ port: server.address().port, host: '127.0.0.1', noDelay: true })
  await once(client, 'connect')
  client.write('?')
  await once(client, 'data')

  function roundTrips(control) {
    return new Promise((resolve) => {
      const times = []
      let sent = performance.now()
      client.write('?')
      client.on('data', () => {
        const now = performance.now()
        times.push(now - sent)
        if (now >= control.deadline) return resolve(times)
        sent = now
        client.write('?')
      })
    })
  }

  function close() {
    client.destroy()
    server.close()
  }

  return { roundTrips, close }
}

/*
 * Theory of operation
 *
 * The least that a generator scheduler can be, as a floor to compare with: a ring of ready tasks, a heap of sleepers
 * and one timer. A body yields nothing to go to the end of the ring, or PARKED when something else has kept hold of
 * the task and will `wake` it. No scopes, no cancel, no errors across tasks, no context, no turn for the host's own
 * events while anything is ready: whatever a real runtime costs above this is what those cost.
 */

export const PARKED = Symbol('parked')

class Task {
  body
  joiner = undefined
  done = false
  value = undefined
  error = undefined

  constructor(body) {
    this.body = body
  }
}

class Ring {
  #slots = new Array(1024)
  #mask = 1023
  #head = 0
  #length = 0

  push(task) {
    if (this.#length > this.#mask) this.#grow()
    this.#slots[(this.#head + this.#length++) & this.#mask] = task
  }

  shift() {
    if (this.#length === 0) return undefined
    const task = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & this.#mask
    this.#length--
    return task
  }

  #grow() {
    const slots = new Array(2 * this.#slots.length)
    for (let i = 0; i < this.#length; i++) slots[i] = this.#slots[(this.#head + i) & this.#mask]
    this.#slots = slots
    this.#mask = slots.length - 1
    this.#head = 0
  }
}

/**
 * A binary heap of tasks by deadline. The deadlines lie side by side in an array of their own: with a million tasks
 * spread over the memory, looking into each that is compared costs more than all the rest.
 */
class Sleepers {
  #tasks = []
  #deadlines = new Float64Array(1024)

  get nextDeadline() {
    return this.#tasks.length === 0 ? Number.POSITIVE_INFINITY : this.#deadlines[0]
  }

  clear() {
    this.#tasks = []
  }

  push(task, deadline) {
    let i = this.#tasks.length
    if (i === this.#deadlines.length) this.#grow()
    const tasks = this.#tasks
    const deadlines = this.#deadlines
    tasks.push(task)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (deadlines[parent] <= deadline) break
      tasks[i] = tasks[parent]
      deadlines[i] = deadlines[parent]
      i = parent
    }
    tasks[i] = task
    deadlines[i] = deadline
  }

  pop() {
    const tasks = this.#tasks
    const deadlines = this.#deadlines
    const first = tasks[0]
    const last = tasks.pop()
    const length = tasks.length
    if (length === 0) return first
    const deadline = deadlines[length]
    let i = 0
    for (let child = 1; child < length; child = 2 * i + 1) {
      if (child + 1 < length && deadlines[child + 1] < deadlines[child]) child++
      if (deadlines[child] >= deadline) break
      tasks[i] = tasks[child]
      deadlines[i] = deadlines[child]
      i = child
    }
    tasks[i] = last
    deadlines[i] = deadline
    return first
  }

  #grow() {
    const deadlines = new Float64Array(2 * this.#deadlines.length)
    deadlines.set(this.#deadlines)
    this.#deadlines = deadlines
  }
}

export class BareLoop {
  #ready = new Ring()
  #sleepers = new Sleepers()
  #current
  #timer

  get current() {
    return this.#current
  }

  spawn(body) {
    const task = new Task(body)
    this.#ready.push(task)
    return task
  }

  wake(task) {
    this.#ready.push(task)
  }

  /** To be yielded, and only for a task that is not done. */
  join(task) {
    task.joiner = this.#current
    return PARKED
  }

  /** To be yielded. */
  sleep(ms) {
    this.#sleepers.push(this.#current, performance.now() + ms)
    return PARKED
  }

  /** Runs what is ready, then sets the timer for the first sleeper; to be called from outside any task. */
  run() {
    for (let task = this.#ready.shift(); task !== undefined; task = this.#ready.shift()) {
      this.#current = task
      try {
        const step = task.body.next()
        if (step.done) this.#settle(task, step.value, undefined)
        else if (step.value !== PARKED) this.#ready.push(task)
      } catch (error) {
        this.#settle(task, undefined, error)
      }
    }
    const next = this.#sleepers.nextDeadline
    if (next < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#elapse(), next - performance.now())
  }

  /** Ends sleeping tasks where they are. */
  cancelSleepers(tasks) {
    clearTimeout(this.#timer)
    this.#sleepers.clear()
    for (const task of tasks) {
      task.body.return()
      this.#settle(task, undefined, undefined)
    }
  }

  #elapse() {
    const now = performance.now()
    while (this.#sleepers.nextDeadline <= now) this.#ready.push(this.#sleepers.pop())
    this.run()
  }

  #settle(task, value, error) {
    // A generator that has ended still holds its locals.
    task.body = undefined
    task.done = true
    task.value = value
    task.error = error
    if (task.joiner !== undefined) this.#ready.push(task.joiner)
  }
}

/*
 * Theory of operation
 *
 * A task is a generator. It runs until it yields a request, a pair such as ['recv', socket], and stands still until
 * what it asked for is there. The scheduler knows four requests (requests.ts) and nothing about sockets or threads.
 *
 * A task is in one of three places: in the queue of those that can go on; in a wait; or running, one at a time.
 *
 *                    its turn comes                 it yields a request
 *          ready  ------------------->  running  ------------------------>  waiting
 *            ^                             |                                   |
 *            |                             v  it returns or throws             |
 *            |                           done                                  |
 *            +-----------------------------------------------------------------+
 *                          the wait wakes it, or someone cancels it
 *
 * Rules
 *  1. Only `#enqueue` puts a task into the queue, and never twice. Whatever wakes a task (an event, a future, a
 *     timer, a cancel) does only that, so none of the task's code runs inside someone else's callback.
 *  2. A wait is installed with a way to wake and hands back its undo. The undo runs when the task goes on, for
 *     whatever reason: that alone is what makes every wait cancellable.
 *  3. A task keeps its place at a socket until it goes on, not just until it is woken: what it was woken for is its
 *     own, and nobody can take it in between.
 *  4. A bad request is thrown into the task that made it. A task that fails harms no other.
 *  5. A cancel takes effect at a request, by `generator.return()`: `finally` blocks run, `catch` blocks do not. So a
 *     task that has not begun first runs up to its first request, to where it is inside its `try`. A `finally` that
 *     waits while being cancelled is reported and cut short: going on with it would, after a `yield*`, make the
 *     generator around it carry on as if never cancelled.
 */
import { BusyError, CancelledError, DeadlockError } from './errors.ts'
import { Fifo } from './fifo.ts'
import { checkRequest, type Direction, describe, type Pollable, type Request, type Requests } from './requests.ts'
import { Coroutine, type Task } from './task.ts'

/** So many steps, then sockets and timers have their turn: a busy task slows them down but cannot starve them. */
const STEPS_PER_TURN = 128

/**
 * Runs generators as tasks until none is left.
 *
 * ```ts
 * function* countdown(from: number): Requests<void> {
 *   for (let n = from; n > 0; n--) {
 *     console.log(n)
 *     yield ['sleep', 1000]
 *   }
 * }
 * const scheduler = new Scheduler()
 * scheduler.spawn(countdown(10), 'ten')
 * scheduler.spawn(countdown(3), 'three')
 * await scheduler.run()
 * ```
 */
export class Scheduler {
  readonly #tasks = new Set<Coroutine>()
  readonly #ready = new Fifo<Coroutine>()
  readonly #waiting = { recv: new Map<Pollable, Coroutine>(), send: new Map<Pollable, Coroutine>() }
  readonly #onError: (error: unknown, task: Task) => void
  /** Ends the pause between two turns. Undefined when there is none, or its end is on the way. */
  #endPause: (() => void) | undefined
  #running = false

  /** `onError` hears of a task that fails while nobody waits for it; by default it prints. It must not throw. */
  constructor(onError = (error: unknown, task: Task) => console.error(`${task.name} failed:`, error)) {
    this.#onError = onError
  }

  /** Makes a task of a generator. It takes its first step when its turn comes, not here. */
  spawn<T>(body: Requests<T>, name = 'a task'): Task<T> {
    const task = new Coroutine(body, name, (it) => this.#enqueue(it))
    this.#tasks.add(task)
    this.#enqueue(task)
    return task
  }

  /** Runs until no task is left. If those that are left can never go on, cancels them and throws a DeadlockError. */
  async run(): Promise<void> {
    if (this.#running) throw new Error('this scheduler is running already')
    this.#running = true
    let deadlock: Error | undefined
    // Who could know? Node does: it is about to exit, so no socket, timer or thread is left to wake a task.
    const stuck = () => this.shutdown((deadlock = new DeadlockError(`nothing can wake${this.#whoWaits()}`)))
    process.on('beforeExit', stuck)
    while (this.#tasks.size > 0) {
      await this.#pause()
      for (let step = 0; step < STEPS_PER_TURN && this.#ready.length > 0; step++) this.#step(this.#ready.take()!)
    }
    process.off('beforeExit', stuck)
    this.#running = false
    if (deadlock) throw deadlock
  }

  /** Cancels every task. `run()` returns when the last one has ended. */
  shutdown(why: Error = new CancelledError('the scheduler was shut down')): void {
    for (const task of this.#tasks) task.cancel(why)
  }

  // ---- A step: leave the wait, run to the next request, wait for that --------------------------------------------

  #step(task: Coroutine): void {
    if (task.done.settled) return // it cancelled itself, and ended before its next request
    task.queued = false
    task.wait?.undo()
    task.wait = undefined
    try {
      const step = task.resume()
      if (step.done) task.done.complete(step.value)
      else if (task.cancelled) this.#enqueue(task)
      else this.#park(task, step.value)
    } catch (error) {
      const heard = task.done.watched || (task.cancelled && error === task.cancelled)
      task.done.fail(error)
      if (!heard) this.#onError(error, task)
    }
    if (task.done.settled) this.#tasks.delete(task)
  }

  #park(task: Coroutine, request: Request): void {
    const wait = { request, undo: () => {} }
    task.wait = wait
    try {
      checkRequest(request)
      // A source may wake at once, twice, or long after: it counts only while this wait stands.
      wait.undo = this.#install(task, request, () => task.wait === wait && this.#enqueue(task))
    } catch (error) {
      task.fault = { error }
      this.#enqueue(task)
    }
  }

  #install(task: Coroutine, request: Request, wake: () => void): () => void {
    switch (request[0]) {
      case 'recv':
      case 'send':
        return this.#claim(task, request[0], request[1], wake)
      case 'future':
        return request[1].whenDone(wake)
      case 'sleep':
        return after(request[1], wake)
    }
  }

  /** One task on each side of a socket: a second would take the place of the first, which then never wakes. */
  #claim(task: Coroutine, direction: Direction, socket: Pollable, wake: () => void): () => void {
    const waiting = this.#waiting[direction]
    const first = waiting.get(socket)
    if (first) throw new BusyError(`${task.name} cannot ${direction} on ${socket.name}: ${first.name} is waiting there`)
    const unwatch = socket.whenReady(direction, wake)
    waiting.set(socket, task)
    return () => {
      waiting.delete(socket)
      unwatch()
    }
  }

  // ---- Between the turns ----------------------------------------------------------------------------------------

  #enqueue(task: Coroutine): void {
    if (task.queued) return
    task.queued = true
    this.#ready.push(task)
    this.#endPause?.()
  }

  /** Node's turn: it looks after its sockets and timers, just once if a task is ready, else until one is. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#endPause = () => {
        this.#endPause = undefined
        setImmediate(resolve)
      }
      if (this.#ready.length > 0) this.#endPause()
    })
  }

  #whoWaits(): string {
    return Array.from(this.#tasks, (task) => `\n  ${task.name}, which waits for ${describe(task.wait!.request)}`).join(
      '',
    )
  }
}

function after(ms: number, wake: () => void): () => void {
  if (ms === 0) wake()
  const timer = ms > 0 ? setTimeout(wake, ms) : undefined
  return () => clearTimeout(timer)
}

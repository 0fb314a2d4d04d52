import { Worker } from 'node:worker_threads'
import { ClosedError } from './errors.ts'
import { Fifo } from './fifo.ts'
import { Future } from './future.ts'

interface Job<In, Out> {
  readonly input: In
  readonly result: Future<Out>
}

/**
 * Threads that answer one message at a time. A thread is started when there is work for it, and keeps the process alive
 * only while it works; one that dies fails the future of the job it had, and the next job gets a new one.
 *
 * ```ts
 * const pool = new WorkerPool<number, number>(new URL('./fib-worker.js', import.meta.url), 2)
 * const result = yield* pool.submit(36).wait()
 * ```
 */
export class WorkerPool<In, Out> {
  readonly #entry: URL
  readonly #size: number
  readonly #queue = new Fifo<Job<In, Out>>()
  readonly #idle: Worker[] = []
  /** All threads, and the job that each has. */
  readonly #workers = new Map<Worker, Job<In, Out> | undefined>()
  #closed = false

  /** `entry` is a module that answers each message of its `parentPort` with one message; `size` the most threads. */
  constructor(entry: URL, size: number) {
    this.#entry = entry
    this.#size = size
  }

  /** How many threads there are now, at work or idle. */
  get threads(): number {
    return this.#workers.size
  }

  /** Hands the input to a thread, or puts it in line for the next that is free. */
  submit(input: In): Future<Out> {
    if (this.#closed) throw new ClosedError('the pool is closed')
    const result = new Future<Out>(`a thread's answer to ${String(input)}`)
    this.#queue.push({ input, result })
    this.#handOut()
    return result
  }

  /** Stops the threads in the middle of their work. What has no answer yet fails with a ClosedError. */
  async close(): Promise<void> {
    this.#closed = true
    for (let job = this.#queue.take(); job; job = this.#queue.take())
      job.result.fail(new ClosedError('the pool was closed'))
    await Promise.all(Array.from(this.#workers.keys(), (worker) => worker.terminate()))
  }

  #handOut(): void {
    while (this.#queue.length > 0) {
      const worker = this.#idle.pop() ?? (this.#workers.size < this.#size ? this.#hire() : undefined)
      if (!worker) return
      const job = this.#queue.take()!
      try {
        worker.postMessage(job.input)
        worker.ref()
        this.#workers.set(worker, job)
      } catch (error) {
        job.result.fail(error) // the input cannot be sent to a thread; this one is free still
        this.#idle.push(worker)
      }
    }
  }

  #hire(): Worker {
    const worker = new Worker(this.#entry)
    let cause: unknown
    this.#workers.set(worker, undefined)
    worker.on('message', (answer: Out) => {
      const job = this.#workers.get(worker)
      if (!job) return
      this.#workers.set(worker, undefined)
      this.#idle.push(worker)
      worker.unref()
      this.#handOut()
      job.result.complete(answer)
    })
    worker.on('error', (error) => (cause = error))
    worker.on('exit', (code) => {
      const job = this.#workers.get(worker)
      this.#workers.delete(worker)
      if (!job) this.#idle.splice(this.#idle.indexOf(worker), 1)
      job?.result.fail(
        this.#closed ? new ClosedError('the pool was closed') : (cause ?? new Error(`the thread ended: ${code}`)),
      )
      this.#handOut()
    })
    return worker
  }
}

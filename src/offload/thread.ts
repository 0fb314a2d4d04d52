import { extname } from 'node:path'
import { type ResourceLimits, type Transferable, Worker, type WorkerOptions } from 'node:worker_threads'
import { UsageError } from '../core/index.ts'
import { inheritedFlags } from './inherited-flags.ts'
import type { Link, LinkEvents, Posted, Reply } from './link.ts'
import {
  type Calls,
  KNOCK,
  RETURNED,
  THREW,
  type ToPool,
  type ToWorker,
  UNSENDABLE,
  type Reply as WireReply,
} from './messages.ts'
import { decodeThrown, unsendable } from './revive-error.ts'
import { SLOTS, Slots } from './slots.ts'
import { collect, isMarked } from './transfer.ts'
import type { Thrown } from './wire-error.ts'

/** What `new Worker` is given besides the module. */
export interface ThreadOptions {
  readonly env?: NodeJS.ProcessEnv
  /** In place of this process's own flags for Node. */
  readonly execArgv?: readonly string[]
  readonly resourceLimits?: ResourceLimits
}

const LARGEST_ID = 2 ** 30
// This file is run as it is written, or compiled: so is that.
const entry = new URL(`./worker-entry${extname(new URL(import.meta.url).pathname)}`, import.meta.url)

/** One worker thread. */
export class Thread<C extends Posted> implements Link<C> {
  readonly capacity = SLOTS
  private readonly worker: Worker
  private readonly events: LinkEvents<C>
  private readonly slots = new Slots()
  /** By slot: the call that was posted there and is not back. */
  private readonly calls: (C | null)[] = new Array<C | null>(SLOTS).fill(null)
  private readonly free: number[] = Array.from({ length: SLOTS }, (_, slot) => slot)
  private readonly indexes = new Map<string, number>()
  private batch: C[] = []
  private lastId = 0
  private why: unknown = null

  constructor(module: string, name: string, options: ThreadOptions, events: LinkEvents<C>) {
    this.events = events
    const workerOptions: WorkerOptions = { name }
    const execArgv = options.execArgv ?? inheritedFlags(process.execArgv)
    if (execArgv !== undefined) workerOptions.execArgv = [...execArgv]
    if (options.env !== undefined) workerOptions.env = options.env
    if (options.resourceLimits !== undefined) workerOptions.resourceLimits = options.resourceLimits
    this.worker = new Worker(entry, workerOptions)
    this.worker.on('message', (message: ToPool) => this.received(message))
    this.worker.on('messageerror', (error) => {
      this.why = error
      void this.worker.terminate()
    })
    this.worker.on('error', (error) => (this.why = error))
    this.worker.on('exit', (code) => {
      this.collect()
      events.ended(this.why ?? `it exited with code ${code}`)
    })
    // Don't unref it before it has its listeners: the first one refs its port again. From here on the pool, not its workers,
    // keeps the process alive while somebody waits.
    this.worker.unref()
    this.send({ boot: true, module, slots: this.slots.memory })
  }

  post(call: C): void {
    this.lastId = this.lastId === LARGEST_ID ? 1 : this.lastId + 1
    call.id = this.lastId
    call.slot = this.free.pop() as number
    this.calls[call.slot] = call
    this.slots.post(call.slot, call.id)
    this.batch.push(call)
  }

  flush(): void {
    if (this.batch.length === 0) return
    const batch = this.batch
    this.batch = []
    let calls: C[] = []
    for (const call of batch) {
      if (this.calls[call.slot] !== call) continue // taken back
      if (!isMarked(call.args)) calls.push(call)
      else {
        this.sendCalls(calls)
        calls = []
        this.sendCalls([call])
      }
    }
    this.sendCalls(calls)
  }

  private sendCalls(calls: readonly C[]): void {
    if (calls.length === 0) return
    const message: Calls = []
    const transfer: Transferable[] = []
    for (const { slot, id, name, big, args } of calls) {
      message.push(slot, id, (this.indexes.get(name) ?? -1) * 2 + (big ? 1 : 0), args)
      for (const arg of args) collect(arg, transfer)
    }
    try {
      this.send(message, transfer)
    } catch (error) {
      // One of them cannot be cloned, and the error does not say which.
      if (calls.length > 1) for (const call of calls) this.sendCalls([call])
      else this.refuse(calls[0] as C, error)
    }
  }

  private refuse(call: C, error: unknown): void {
    this.slots.takeBack(call.slot, call.id)
    this.release(call)
    this.events.unsendable(call, error)
  }

  takeBack(call: C): boolean {
    if (!this.slots.takeBack(call.slot, call.id)) return false
    this.release(call)
    return true
  }

  isRunning(call: C): boolean {
    return this.slots.isRunning(call.slot, call.id)
  }

  cancel(call: C): void {
    this.send({ end: call.id })
  }

  async stop(): Promise<void> {
    await this.worker.terminate()
  }

  /** Tells of the calls whose results were left in their slots. */
  collect(): void {
    const { slots } = this
    slots.answerKnock()
    for (let slot = slots.nextEnded(); slot >= 0; slot = slots.nextEnded()) {
      const value = slots.resultIn(slot)
      this.returned(slot, { failed: false, value, micros: slots.microsIn(slot), sync: !slots.wasLate(slot) })
    }
  }

  private received(message: ToPool): void {
    if (message === KNOCK) {
      this.collect()
      this.events.settled()
    } else if (Array.isArray(message)) {
      this.replied(message)
      this.events.settled()
    } else if ('ready' in message) {
      for (const [index, name] of message.ready.entries()) this.indexes.set(name, index)
      this.events.ready(message.ready)
    } else this.events.unloadable(decodeThrown(message.unloadable))
  }

  private replied([slot, how, value, micros]: WireReply): void {
    const failed = how >= THREW
    const thrown = failed ? decodeThrown(value as Thrown) : null
    const name = this.calls[slot]?.name
    this.returned(slot, {
      failed,
      value:
        how === UNSENDABLE ? new UsageError(unsendable(`the result of ${name}(…)`, thrown)) : failed ? thrown : value,
      micros,
      sync: how === RETURNED || how === THREW,
    })
  }

  private returned(slot: number, reply: Reply): void {
    const call = this.calls[slot] as C
    this.release(call)
    this.events.replied(call, reply)
  }

  private release(call: C): void {
    this.calls[call.slot] = null
    this.free.push(call.slot)
  }

  private send(message: ToWorker, transfer: readonly Transferable[] = []): void {
    this.worker.postMessage(message, transfer)
  }
}

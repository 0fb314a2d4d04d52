import { extname } from 'node:path'
import { type ResourceLimits, type Transferable, Worker, type WorkerOptions } from 'node:worker_threads'
import { arrive } from '../host/index.ts'
import { type Hooks, within } from './hooks.ts'
import { inheritedFlags } from './inherited-flags.ts'
import type { Link, LinkEvents, Posted, Reply } from './link.ts'
import {
  BIG,
  type Calls,
  INDEX_SHIFT,
  KNOCK,
  RESULTS,
  SPECIAL,
  type Told,
  type ToPool,
  type ToWorker,
  type Reply as WireReply,
} from './messages.ts'
import { decodeThrown } from './revive-error.ts'
import { SLOTS, Slots } from './slots.ts'
import { collect, isMarked } from './transfer.ts'
import { decodeReply } from './wire-reply.ts'

/** What `new Worker` is given besides the module. */
export interface ThreadOptions {
  readonly env?: NodeJS.ProcessEnv
  /** In place of this process's own flags for Node. */
  readonly execArgv?: readonly string[]
  /** How much of the heap a thread may use, in MiB; beyond it, the thread ends, and its calls fail. Default: as Node has it. */
  readonly maxMemoryMb?: number
  /** The other limits that Node knows; they win over `maxMemoryMb`. */
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
  private readonly hooks: Hooks
  private readonly slots = new Slots()
  /** By slot: the call that was posted there and is not back. */
  private readonly calls: (C | null)[] = new Array<C | null>(SLOTS).fill(null)
  private readonly free: number[] = Array.from({ length: SLOTS }, (_, slot) => slot)
  private readonly indexes = new Map<string, number>()
  private batch: C[] = []
  /** Calls that went by message and are not back. While there is one, others follow by the same way: so they stay in order. */
  private readonly apart = new Set<C>()
  private lastId = 0
  private why: unknown = null

  private readonly knocked = (): void => {
    this.collect()
    this.events.settled()
  }

  constructor(module: string, name: string, options: ThreadOptions, hooks: Hooks, events: LinkEvents<C>) {
    this.events = events
    this.hooks = hooks
    const workerOptions: WorkerOptions = { name }
    const execArgv = options.execArgv ?? inheritedFlags(process.execArgv)
    if (execArgv !== undefined) workerOptions.execArgv = [...execArgv]
    if (options.env !== undefined) workerOptions.env = options.env
    const { maxMemoryMb, resourceLimits } = options
    if (maxMemoryMb !== undefined) workerOptions.resourceLimits = { maxOldGenerationSizeMb: maxMemoryMb }
    if (resourceLimits !== undefined)
      workerOptions.resourceLimits = { ...workerOptions.resourceLimits, ...resourceLimits }
    this.worker = new Worker(entry, workerOptions)
    this.worker.on('message', (message: ToPool) => {
      if (message === KNOCK) arrive(this.knocked)
      else arrive(() => this.received(message))
    })
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
    this.send({ boot: true, module, slots: this.slots.memory, start: hooks.start })
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
    let entered = 0
    const rest: C[] = []
    for (const call of batch) {
      if (this.calls[call.slot] !== call) continue // taken back
      if (this.apart.size === 0 && this.enter(call)) entered++
      else {
        this.apart.add(call)
        rest.push(call)
      }
    }
    if (entered > 0 && this.slots.sent.mustKnock()) this.send(KNOCK)
    if (rest.length > 0) this.sendApart(rest)
  }

  /** Leaves a call in its slot. False if it has to go by message. */
  private enter(call: C): boolean {
    return call.extra === null && this.slots.send(call.slot, this.flagsOf(call), call.args)
  }

  private flagsOf({ name, big }: C): number {
    return ((this.indexes.get(name) ?? -1) << INDEX_SHIFT) | (big ? BIG : 0)
  }

  private sendApart(batch: readonly C[]): void {
    let calls: C[] = []
    for (const call of batch) {
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
    for (const call of calls) {
      const { slot, id, args, extra } = call
      const flags = this.flagsOf(call)
      if (extra === null) message.push(slot, id, flags, args)
      else message.push(slot, id, flags | SPECIAL, [extra, args])
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
    this.slots.ask(call.slot, call.id)
    this.send({ end: call.id })
  }

  grant(call: C, count: number): void {
    this.send({ grant: count, id: call.id })
  }

  async stop(idle: boolean): Promise<void> {
    const { hooks } = this
    if (idle && hooks.stop !== null) {
      const gone = new Promise<void>((resolve) => this.worker.once('exit', () => resolve()))
      this.worker.ref()
      this.send({ leave: hooks.stop })
      await within(gone, hooks.stopWithin)
    }
    await this.worker.terminate()
  }

  /** Tells of the calls whose results were left in their slots. */
  collect(): void {
    const { slots } = this
    const { ended } = slots
    for (let left = ended.answerKnock(); left > 0; left--) {
      const slot = ended.take()
      const value = slots.resultIn(slot)
      const micros = slots.microsIn(slot)
      this.returned(slot, { failed: false, value, micros, sync: !slots.wasLate(slot), usage: undefined })
    }
  }

  private received(message: Exclude<ToPool, typeof KNOCK>): void {
    if (Array.isArray(message)) {
      if (message[1] >= RESULTS) return this.told(message as Told)
      const [slot] = message
      this.returned(slot, decodeReply(this.calls[slot]?.name ?? '', message as WireReply))
      this.events.settled()
    } else if ('ready' in message) {
      for (const [index, name] of message.ready.entries()) this.indexes.set(name, index)
      this.events.ready(message.ready)
    } else this.events.unloadable(decodeThrown(message.unloadable))
  }

  private told([slot, what, value, id]: Told): void {
    const call = this.calls[slot]
    if (call?.id === id) this.events.told(call, what, value)
  }

  private returned(slot: number, reply: Reply): void {
    const call = this.calls[slot] as C
    this.release(call)
    this.events.replied(call, reply)
  }

  private release(call: C): void {
    this.calls[call.slot] = null
    this.free.push(call.slot)
    if (this.apart.size > 0) this.apart.delete(call)
  }

  private send(message: ToWorker, transfer?: readonly Transferable[]): void {
    this.worker.postMessage(message, transfer)
  }
}

/**
 * The engine of processes: a child for each worker. It shares nothing, so nothing that a call does can harm the program: a
 * crash in native code, `kill -9`, memory without end. A hop costs a trip through two pipes.
 *
 * A child is given one call at a time. What was sent cannot be taken back without shared memory, and so a call that
 * waited in a child behind one that turns out to be long would have to stay there.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { guard } from './guardian.ts'
import { type Hooks, within } from './hooks.ts'
import { inheritedFlags } from './inherited-flags.ts'
import type { Link, LinkEvents, Posted } from './link.ts'
import {
  BIG,
  INDEX_SHIFT,
  RESULTS,
  SPECIAL,
  type Told,
  type ToPool,
  type ToWorker,
  type Reply as WireReply,
} from './messages.ts'
import { decodeThrown } from './revive-error.ts'
import { decodeReply } from './wire-reply.ts'

/** What a child is started with, besides the module. */
export interface ProcessOptions {
  readonly env?: NodeJS.ProcessEnv
  /** In place of this process's own flags for Node. */
  readonly execArgv?: readonly string[]
  /** How much of the heap a child may use, in MiB; beyond it, the child dies, and its call fails. Default: as Node has it. */
  readonly maxMemoryMb?: number
}

const entry = fileURLToPath(new URL(`./process-entry${extname(new URL(import.meta.url).pathname)}`, import.meta.url))
const SLOT = 0

/** One child process. */
export class Process<C extends Posted> implements Link<C> {
  readonly capacity = 1
  private readonly child: ChildProcess
  private readonly events: LinkEvents<C>
  private readonly hooks: Hooks
  private readonly indexes = new Map<string, number>()
  private call: C | null = null
  private sent = false
  private lastId = 0
  private why: unknown = null
  private readonly gone: Promise<void>

  constructor(module: string, options: ProcessOptions, hooks: Hooks, events: LinkEvents<C>) {
    this.events = events
    this.hooks = hooks
    const flags = [...(options.execArgv ?? inheritedFlags(process.execArgv) ?? process.execArgv)]
    if (options.maxMemoryMb !== undefined) flags.push(`--max-old-space-size=${options.maxMemoryMb}`)
    this.child = fork(entry, {
      execArgv: flags,
      serialization: 'advanced',
      ...(options.env === undefined ? {} : { env: options.env }),
    })
    this.child.on('message', (message: ToPool) => this.received(message))
    this.child.on('error', (error) => (this.why = error))
    this.gone = new Promise((resolve) => {
      this.child.on('exit', (code, signal) => {
        guard(this.child.pid, false)
        resolve()
        events.ended(this.why ?? (signal === null ? `it exited with code ${code}` : `it was killed by ${signal}`))
      })
    })
    guard(this.child.pid, true)
    // The pool, not its workers, keeps the process alive while somebody waits.
    this.child.unref()
    this.child.channel?.unref()
    this.send({ boot: true, module, slots: null, start: hooks.start })
  }

  post(call: C): void {
    call.id = ++this.lastId
    call.slot = SLOT
    this.call = call
    this.sent = false
  }

  flush(): void {
    const { call } = this
    if (call === null || this.sent) return
    this.sent = true
    const { extra, args } = call
    const flags = ((this.indexes.get(call.name) ?? -1) << INDEX_SHIFT) | (call.big ? BIG : 0)
    try {
      if (extra === null) this.send([SLOT, call.id, flags, args])
      else this.send([SLOT, call.id, flags | SPECIAL, [extra, args]])
    } catch (error) {
      this.call = null
      this.events.unsendable(call, error)
    }
  }

  takeBack(call: C): boolean {
    if (this.call !== call || this.sent) return false
    this.call = null
    return true
  }

  isRunning(call: C): boolean {
    return this.call === call && this.sent
  }

  collect(): void {}

  cancel(call: C): void {
    this.send({ end: call.id })
  }

  grant(call: C, count: number): void {
    this.send({ grant: count, id: call.id })
  }

  async stop(idle: boolean): Promise<void> {
    this.child.ref()
    const { hooks } = this
    if (idle && hooks.stop !== null) {
      this.send({ leave: hooks.stop })
      await within(this.gone, hooks.stopWithin)
    }
    this.child.kill('SIGKILL')
    if (this.child.exitCode === null && this.child.signalCode === null) await this.gone
  }

  private received(message: ToPool): void {
    if (message === 0) return
    if (Array.isArray(message)) {
      const { call } = this
      if (message[1] >= RESULTS) {
        const [, what, value, id] = message as Told
        if (call?.id === id) this.events.told(call, what, value)
        return
      }
      this.call = null
      if (call !== null) this.events.replied(call, decodeReply(call.name, message as WireReply))
      this.events.settled()
    } else if ('ready' in message) {
      for (const [index, name] of message.ready.entries()) this.indexes.set(name, index)
      this.events.ready(message.ready)
    } else this.events.unloadable(decodeThrown(message.unloadable))
  }

  private send(message: ToWorker): void {
    // A child that is gone is told of by its exit.
    if (this.child.connected) this.child.send(message as object, () => {})
  }
}

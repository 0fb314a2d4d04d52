import { type Context, type Loop, type LoopView, type Opening, openings } from '../../core/index.ts'
import { NodeHost } from '../../host/index.ts'
import type { Deferred } from '../deferred.ts'
import { Failure } from '../failure.ts'
import { log } from '../log.ts'
import type { Callback, DelayedCall, Timing } from './delayed-call.ts'
import { Selectables } from './selectables.ts'
import { SystemEvent } from './system-event.ts'

/** What is where a reactor is used: the calls to come on one loop, and what is open there. */
export class Place implements Timing {
  readonly loop: Loop
  readonly calls = new Set<DelayedCall>()
  readonly selectables = new Selectables()
  readonly events = new Map<string, SystemEvent>()
  state: 'new' | 'starting' | 'running' | 'stopping' | 'stopped' = 'new'
  /** Fires when `run` is over. */
  over: Deferred<void> | null = null
  release: () => void = () => {}
  private batch: (() => void)[] = []

  constructor(loop: Loop) {
    this.loop = loop
    const others = placesOn.get(loop)
    if (others === undefined) placesOn.set(loop, [this])
    else others.push(this)
  }

  now(): number {
    return this.loop.now()
  }

  schedule(call: DelayedCall): void {
    this.loop.stopTimer(call)
    this.calls.delete(call)
    this.calls.add(call)
    this.loop.startTimer(call, Math.max(0, call.getTime() - this.loop.now()))
  }

  unschedule(call: DelayedCall): void {
    this.loop.stopTimer(call)
    this.calls.delete(call)
  }

  due(call: DelayedCall): void {
    this.calls.delete(call)
    logged(() => inContext(call.context, call.func, call.args))
  }

  /** Has `call` made in the next turn of the loop, after those that were asked for before it. */
  soon(call: () => void): void {
    if (this.batch.push(call) > 1) return
    const fire = (): void => {
      const { batch } = this
      this.batch = []
      for (const call of batch) logged(call)
    }
    this.loop.startTimer({ bucket: null, index: 0, fire }, 0)
  }

  event(type: string): SystemEvent {
    let event = this.events.get(type)
    if (event === undefined) this.events.set(type, (event = new SystemEvent()))
    return event
  }
}

/** Of each loop, for whoever checks for leaks. */
const placesOn = new WeakMap<LoopView, Place[]>()

openings.addLister(function* (loop): Generator<Opening> {
  for (const { calls, selectables } of placesOn.get(loop) ?? []) {
    for (const call of [...calls]) {
      if (call.watched)
        yield {
          kind: 'DelayedCall',
          name: nameOfCall(call),
          reason: `due in ${Math.round(call.getTime() - loop.now())} ms`,
          madeAt: call.madeAt || null,
          letGo: () => call.active() && call.cancel(),
        }
    }
    for (const { name, madeAt, disconnecting, watched, close } of selectables.list()) {
      if (watched && !disconnecting)
        yield { kind: 'selectable', name, reason: 'open', madeAt: madeAt || null, letGo: close }
    }
  }
})

const nameOfCall = ({ func }: DelayedCall): string => func.name || 'anonymous'

function logged(call: () => unknown): void {
  try {
    call()
  } catch (error) {
    log.err(new Failure(error, true))
  }
}

export function inContext(context: Context | null, func: Callback, args: readonly unknown[]): unknown {
  const call = func as (...args: readonly unknown[]) => unknown
  return context === null ? call(...args) : context.runInAsyncScope(call, undefined, ...(args as unknown[]))
}

/**
 * Keeps the process alive, and has its first signal stop the reactor; another one ends the process, as it does without a reactor.
 * Returns how to end both. A virtual host has neither.
 */
export function keepProcess(place: Place, signals: boolean, stop: () => void): () => void {
  if (!(place.loop.host instanceof NodeHost)) return () => {}
  const timer = setInterval(() => {}, 2 ** 30)
  const heard = signals ? (['SIGINT', 'SIGTERM'] as const) : []
  const turnDeaf = (): void => {
    for (const signal of heard) process.off(signal, hear)
  }
  const hear = (): void => {
    turnDeaf()
    stop()
  }
  for (const signal of heard) process.on(signal, hear)
  return () => {
    clearInterval(timer)
    turnDeaf()
  }
}

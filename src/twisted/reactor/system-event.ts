import type { Deferred } from '../deferred.ts'
import { log } from '../log.ts'
import { maybeDeferred, succeed } from '../make.ts'

/** When a trigger is called: those `before` may wait, and are waited for, before those `during` and then those `after` are called. */
export type Phase = 'before' | 'during' | 'after'

/** What `addSystemEventTrigger` gives, for `removeSystemEventTrigger`. */
export interface TriggerId {
  /** @internal */
  readonly phase: Phase
  /** @internal */
  readonly event: SystemEvent
  /** @internal */
  readonly call: () => unknown
}

/** An event in three phases, such as the reactor's shutdown. */
export class SystemEvent {
  private readonly triggers: { readonly [P in Phase]: Set<TriggerId> } = {
    before: new Set(),
    during: new Set(),
    after: new Set(),
  }

  add(phase: Phase, call: () => unknown): TriggerId {
    const id = { phase, event: this, call }
    this.triggers[phase].add(id)
    return id
  }

  /** False if it is not there, or was called already. */
  remove(id: TriggerId): boolean {
    return this.triggers[id.phase].delete(id)
  }

  /** Calls all triggers, once. Those that are added meanwhile to a phase that is still to come are called too. */
  fire(): Deferred<void> {
    const waits: Deferred<unknown>[] = []
    for (const call of this.taken('before')) waits.push(quietly(call))
    return allOf(waits).addCallback(() => {
      // Nobody waits for these; but what they begin may fail.
      for (const phase of ['during', 'after'] as const) for (const call of this.taken(phase)) quietly(call)
    })
  }

  private *taken(phase: Phase): Generator<() => unknown> {
    const triggers = this.triggers[phase]
    for (const id of triggers) {
      triggers.delete(id)
      yield id.call
    }
  }
}

function quietly(call: () => unknown): Deferred<unknown> {
  return maybeDeferred(call).addErrback((failure) => log.err(failure))
}

/** Fires when all have; none of them fails. */
function allOf(deferreds: readonly Deferred<unknown>[]): Deferred<void> {
  const all = succeed<void>(undefined)
  for (const deferred of deferreds) all.addCallback(() => deferred)
  return all.addCallback((): void => {})
}

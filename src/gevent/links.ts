import { callPlainly } from './callbacks.ts'
import type { Hub } from './hub.ts'

/** Called with what it was linked to. */
export type LinkCallback<S> = (source: S) => unknown

/** What can be told of an end or a change: a function, or an `AsyncResult`. */
export type LinkTarget<S> = LinkCallback<S> | { linked(source: S): void }

/** Which links are called: all, those for success, or those for failure. */
export type LinkKind = 'any' | 'value' | 'exception'

interface Link<S> {
  readonly target: LinkTarget<S>
  readonly kind: LinkKind
  /** How it is run that may wait; null for one that is called in a pass. */
  readonly start: ((target: LinkCallback<S>) => void) | null
}

/** What can be waited for by links: greenlets, events, results, semaphores. */
export interface Linkable {
  /** Has `callback` called, in the loop, when this has ended or is to be had; also if it has or is already. It must not wait. */
  rawlink(callback: LinkCallback<this>): void
  /** Takes `callback` back. */
  unlink(callback: LinkCallback<this>): void
}

/** Callbacks that are told once each, in the order in which they came. One that fails does not stop the others. */
export class Links<S> {
  private readonly links = new Set<Link<S>>()
  private scheduled = false

  get size(): number {
    return this.links.size
  }

  add(target: LinkTarget<S>, kind: LinkKind, start: ((target: LinkCallback<S>) => void) | null): void {
    if (typeof target !== 'function' && typeof (target as { linked?: unknown } | null)?.linked !== 'function')
      throw new TypeError('a link is a function that is called with its source, or an AsyncResult')
    this.links.add({ target, kind, start })
  }

  remove(target: LinkTarget<S>): void {
    for (const link of this.links) if (link.target === target) return void this.links.delete(link)
  }

  /** Has all told in a pass of the loop: `kind` is what has happened by then; null if it has not, after all. */
  notify(hub: Hub, source: S, kind: () => LinkKind | null): void {
    if (this.scheduled || this.links.size === 0) return
    this.scheduled = true
    hub.loop.runCallback(() => {
      this.scheduled = false
      const now = kind()
      if (now !== null) this.tell(hub, source, now)
    })
  }

  private tell(hub: Hub, source: S, kind: LinkKind): void {
    // A set is walked as it is: one that another takes out before its turn is not called.
    for (const link of this.links) {
      this.links.delete(link)
      if (link.kind !== 'any' && link.kind !== kind) continue
      const { target, start } = link
      if (typeof target !== 'function') target.linked(source)
      else if (start === null) callPlainly(target, [source], (_, error) => hub.safely(target, error))
      else start(target)
    }
  }
}

import { ListedWait, type LoopView, machine, type TaskView, type Waiter } from '../core/index.ts'

/** What is written: text is kept as text until it leaves, which is the fastest way there. */
export type Piece = string | Uint8Array

/**
 * What carries the bytes of a stream: a socket of the platform, or memory. It is told what to do here, and tells the two
 * halves of its stream (`Receiver`, `Sender`) what happens.
 */
export interface Wire {
  /** True if something outside the loop moves the bytes: no deadlock, and no virtual time passes, while a task waits here. */
  readonly external: boolean
  /** No more bytes for now. A few may come all the same. */
  pause(): void
  resume(): void
  /** Something was written: call `Sender.flush`, at once or at the end of this turn. */
  written(): void
  /** Sends the pieces in order. True if they have left; otherwise `Sender.sent` is called when they have. */
  transmit(pieces: readonly Piece[]): boolean
  /** All has left: send the end, then call `Sender.finished`. */
  finish(): void
  /** Let go of everything, now; with `reset`, have the peer see an error in place of the end. */
  abort(reset: boolean): void
  /** How much of what is being transmitted has not left, in any unit; left out where that is not known. */
  readonly backlog?: number | undefined
}

/** A wait that something outside the loop ends, as long as `external` is true. */
export abstract class WireWait<T> extends ListedWait<T> {
  private held: LoopView | null

  constructor() {
    super()
    this.held = null
  }

  protected abstract get external(): boolean

  override install(waiter: Waiter<T>): void {
    super.install(waiter)
    if (this.waiter === null || !this.external) return
    this.held = machine.loop
    this.held?.holdExternal()
  }

  override uninstall(): void {
    this.release()
    super.uninstall()
  }

  override resume(value: T): void {
    this.release()
    super.resume(value)
  }

  override reject(error: unknown): void {
    this.release()
    super.reject(error)
  }

  /** It waits no more. */
  protected release(): void {
    this.held?.releaseExternal()
    this.held = null
  }
}

/** Who did it, for messages. */
export function codeName(task: TaskView | null): string {
  return task === null ? 'code outside any task' : String(task)
}

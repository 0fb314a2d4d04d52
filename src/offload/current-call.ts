/** What a function that a pool runs may know of its call. */
export interface CurrentCall {
  /** The name of the function, as the module exports it. */
  readonly name: string
  /**
   * Aborted when nobody wants the result any more. Made when it is first asked for. It needs the worker's loop: a function
   * that computes without a pause is told by `cancelled`.
   */
  readonly signal: AbortSignal
  /** True once nobody wants the result any more; in a thread also in the midst of a computation. */
  readonly cancelled: boolean
  /** What the pool carries over (`carry`), by key, as it was when the call was made. */
  readonly context: Readonly<Record<string, unknown>>
  /** Tells the submitter something, before the result: what `onProgress` is given. Copied, and nothing if nobody listens. */
  progress(value: unknown): void
}

/** Set by `fibril/offload/worker`, when a module imports that: runs `inner` so that `call()` finds the call. */
export const tracking: { enter: (<T>(call: CurrentCall, inner: () => T) => T) | null } = { enter: null }

const NO_CONTEXT: Readonly<Record<string, unknown>> = Object.freeze({})

/** A call that runs. */
export class RunningCall implements CurrentCall {
  readonly name: string
  readonly context: Readonly<Record<string, unknown>>
  private readonly asked: () => boolean
  private readonly tell: ((value: unknown) => void) | null
  private controller: AbortController | null = null
  private unwanted = false

  /** `asked` tells whether it was asked to end, though nobody could call `end` yet. */
  constructor(
    name: string,
    context: Readonly<Record<string, unknown>> = NO_CONTEXT,
    asked: () => boolean = () => false,
    tell: ((value: unknown) => void) | null = null,
  ) {
    this.name = name
    this.context = context
    this.asked = asked
    this.tell = tell
  }

  get signal(): AbortSignal {
    this.controller ??= new AbortController()
    if (this.cancelled) this.controller.abort()
    return this.controller.signal
  }

  get cancelled(): boolean {
    if (!this.unwanted && this.asked()) this.end()
    return this.unwanted
  }

  progress(value: unknown): void {
    this.tell?.(value)
  }

  /** Nobody wants its result any more. */
  end(): void {
    this.unwanted = true
    this.controller?.abort()
  }
}

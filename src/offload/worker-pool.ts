import { availableParallelism } from 'node:os'
import { type Operation, UsageError } from '../core/index.ts'
import { argumentsKind } from './cost.ts'
import type { Launch } from './crew.ts'
import type { Hooks } from './hooks.ts'
import { Inline, type InlineOptions } from './inline.ts'
import { MappingPool } from './mapping-pool.ts'
import { moduleUrl } from './module-url.ts'
import { Outside } from './outside.ts'
import type { AnyModule, ArgumentsOf, CallOf, CloseOptions, FunctionName, Pool, PoolStats, ReturnOf } from './pool.ts'
import { Scheduler } from './scheduler.ts'
import { type Carried, carrier, specialOf } from './special.ts'
import { type CallMaker, type KindOf, Submission } from './submission.ts'

/** How a pool of workers is to be, whatever they are. */
export interface WorkerPoolOptions<M extends object = AnyModule> {
  /** For reports. Default: the name of the module's file. */
  readonly name?: string
  /** How many long calls may run at once. Default: as many as the machine has processors. */
  readonly size?: number
  /**
   * Start up to two workers more while `size` of them run long calls, so that short calls never wait for these. Default
   * true. They cost memory then; the processors are shared out by the system, and a short call needs little.
   */
  readonly express?: boolean
  /** How many calls that are not known to be short may wait for a worker; a submit beyond waits for room. Default: any number. */
  readonly maxQueue?: number
  /**
   * Run calls that take less than a hop to a worker here. Default: yes for threads, unless there is a `start`, which is not made
   * here; no for processes. See `InlineOptions`.
   */
  readonly inline?: boolean | InlineOptions
  /**
   * A call that is cancelled while it runs is given so many milliseconds to end; then its worker is stopped and replaced, so
   * that the core is free again. Default 1000; 0: at once; Infinity: never. State that the module keeps is lost with a worker.
   */
  readonly killAfter?: number
  /**
   * Workers that have had nothing to do for so many ms (or up to twice that) are stopped, but for `minSize` of them. Default
   * 60 000; Infinity: never. State that the module keeps is lost with a worker.
   */
  readonly idleAfter?: number
  /** How many workers are kept, once started, though they have nothing to do. Default 1. */
  readonly minSize?: number
  /**
   * A call that each worker makes first: it serves others when that has ended, and a failure is one to start. The name of a
   * function of the module, and its arguments: `['connect', url]`.
   */
  readonly start?: CallOf<M>
  /**
   * A call that an idle worker makes as its last, when it is stopped or the pool is closed. It is given `killAfter` ms. Workers
   * that are stopped in the midst of a call do not make it. A failure is a warning of the process.
   */
  readonly stop?: CallOf<M>
  /**
   * What is carried over from where `submit` is called to where the function runs: stores of `AsyncLocalStorage`, or what
   * functions give, each under a key of its own; `undefined` is left out. Copied like arguments. The function finds it in
   * `call().context`, or in an `AsyncLocalStorage` of its own (`restore`): see `fibril/offload/worker`. Default: nothing.
   */
  readonly carry?: Readonly<Record<string, Carried>>
  /** Tells calls of one function apart that cost differently. Default: by the sizes of the first three arguments. */
  readonly kindOf?: KindOf
}

/** What a pool of workers on this machine is, but for what its workers are. */
export abstract class WorkerPool<M extends object> extends MappingPool<M> implements Pool<M> {
  readonly name: string
  readonly #scheduler: Scheduler
  readonly #maker: CallMaker

  /** @internal */
  protected constructor(
    module: string | URL,
    options: WorkerPoolOptions<M>,
    inlineByDefault: boolean,
    launch: (url: string, name: string, hooks: Hooks) => Launch,
  ) {
    const { size = availableParallelism(), express = true, maxQueue = Infinity, killAfter = 1000 } = options
    const { idleAfter = 60_000, minSize = 1, start = null, stop = null, carry } = options
    super((self) => ({
      ahead: 4 * size,
      toString: () => self.toString(),
      make: (options, call, args, skip) => new Submission(this.#maker, call, args, skip, specialOf(options)),
      makeStreamed: (options, call, args, take, skip) => {
        const done = new Submission(this.#maker, call, args, skip, specialOf(options, take))
        return { done, grant: (count) => done.grant(count) }
      },
    }))
    this.#atLeast(1, size, 'size')
    this.#atLeast(1, maxQueue, 'maxQueue')
    this.#atLeast(0, killAfter, 'killAfter')
    this.#atLeast(0, idleAfter, 'idleAfter')
    this.#atLeast(0, minSize, 'minSize')
    const url = moduleUrl(module)
    const name = options.name ?? nameOf(url)
    const { inline: wanted = inlineByDefault && start === null } = options
    const inline = wanted === false ? null : new Inline(url, wanted === true ? {} : wanted)
    const inlineMicros = inline?.maxMicros ?? 0
    this.name = name
    const hooks: Hooks = { start, stop, stopWithin: killAfter }
    this.#scheduler = new Scheduler(
      { name, size, express, maxQueue, killAfter, idleAfter, minSize, inlineMicros },
      launch(url, name, hooks),
    )
    this.#maker = {
      scheduler: this.#scheduler,
      inline,
      kindOf: options.kindOf ?? ((_, args) => argumentsKind(args)),
      carry: carry === undefined ? null : carrier(carry),
    }
  }

  override submit<K extends FunctionName<M>>(name: K, ...args: ArgumentsOf<M, K>): Operation<ReturnOf<M, K>> {
    return new Submission<ReturnOf<M, K>>(this.#maker, name, args, this.submit)
  }

  /**
   * Starts `size` workers, and a spare one unless there is no express lane, and waits until they have loaded the module: for a
   * program that would rather fail, or be slow, at its start.
   */
  waitReady(): Operation<void> {
    return new Outside(`the workers of ${this} to start`, () => this.#scheduler.warmUp())
  }

  close(options: CloseOptions = {}): Operation<void> {
    const closed = this.#scheduler.close(options.now ?? false)
    return new Outside(`the end of ${this}`, () => closed)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scheduler.close(false)
  }

  stats(): PoolStats {
    return this.#scheduler.stats()
  }

  override toString(): string {
    return this.#scheduler.toString()
  }

  #atLeast(least: number, value: number, option: string): void {
    if (!(value >= least))
      throw new UsageError(`new ${this.constructor.name}(…, { ${option}: ${value} }): it must be at least ${least}`)
  }
}

function nameOf(url: string): string {
  return url.startsWith('file:') ? (/([^/?#]+?)(\.\w+)?(?:[?#].*)?$/.exec(url)?.[1] ?? 'work') : 'work'
}

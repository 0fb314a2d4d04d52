import { availableParallelism } from 'node:os'
import { type Operation, UsageError, wait } from '../core/index.ts'
import { argumentsKind } from './cost.ts'
import type { Launch } from './crew.ts'
import { Inline, type InlineOptions } from './inline.ts'
import { MappingPool } from './mapping-pool.ts'
import { moduleUrl } from './module-url.ts'
import type { ArgumentsOf, CloseOptions, FunctionName, Pool, PoolStats, ReturnOf } from './pool.ts'
import { Scheduler } from './scheduler.ts'
import { type CallMaker, type KindOf, Submission } from './submission.ts'

/** How a pool of workers is to be, whatever they are. */
export interface WorkerPoolOptions {
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
  /** Run calls that take less than a hop to a worker here. Default: yes for threads, no for processes. See `InlineOptions`. */
  readonly inline?: boolean | InlineOptions
  /**
   * A call that is cancelled while it runs is given so many milliseconds to end; then its worker is stopped and replaced, so
   * that the core is free again. Default 1000; 0: at once; Infinity: never. State that the module keeps is lost with a worker.
   */
  readonly killAfter?: number
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
    options: WorkerPoolOptions,
    inlineByDefault: boolean,
    launch: (url: string, name: string) => Launch,
  ) {
    const { size = availableParallelism(), express = true, maxQueue = Infinity, killAfter = 1000 } = options
    super((self) => ({
      ahead: 4 * size,
      toString: () => self.toString(),
      make: (_options, call, args, skip) => new Submission(this.#maker, call, args, skip),
      makeStreamed: (_options, call) => {
        throw new UsageError(`${call}(…) in ${self}: this pool has no streams`)
      },
    }))
    this.#atLeast(1, size, 'size')
    this.#atLeast(1, maxQueue, 'maxQueue')
    this.#atLeast(0, killAfter, 'killAfter')
    const url = moduleUrl(module)
    const name = options.name ?? nameOf(url)
    const { inline: wanted = inlineByDefault } = options
    const inline = wanted === false ? null : new Inline(url, wanted === true ? {} : wanted)
    const inlineMicros = inline?.maxMicros ?? 0
    this.name = name
    this.#scheduler = new Scheduler({ name, size, express, maxQueue, killAfter, inlineMicros }, launch(url, name))
    this.#maker = { scheduler: this.#scheduler, inline, kindOf: options.kindOf ?? ((_, args) => argumentsKind(args)) }
  }

  override submit<K extends FunctionName<M>>(name: K, ...args: ArgumentsOf<M, K>): Operation<ReturnOf<M, K>> {
    return new Submission<ReturnOf<M, K>>(this.#maker, name, args, this.submit)
  }

  /**
   * Starts `size` workers, and a spare one unless there is no express lane, and waits until they have loaded the module: for a
   * program that would rather fail, or be slow, at its start.
   */
  waitReady(): Operation<void> {
    return wait(() => this.#scheduler.warmUp())
  }

  close(options: CloseOptions = {}): Operation<void> {
    return wait(this.#scheduler.close(options.now ?? false))
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

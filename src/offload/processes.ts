import type { AnyModule } from './pool.ts'
import { Process, type ProcessOptions } from './process.ts'
import { WorkerPool, type WorkerPoolOptions } from './worker-pool.ts'

/** How a `ProcessPool` is to be. */
export interface ProcessPoolOptions<M extends object = AnyModule> extends ProcessOptions, WorkerPoolOptions<M> {}

/**
 * Processes that run the functions of a module: a `ThreadPool` whose workers share nothing with the program. So whatever
 * becomes of one (a crash in native code, `kill -9`, too much memory) fails only the call that it ran, with `BrokenError`,
 * and it is replaced. A process costs more to start than a thread, and a call more to make: use threads unless the
 * functions may crash, leak, or change what is global to a process.
 *
 * Arguments and results are copied. Nothing can be transferred or shared. Workers do not outlive their program: also if that is
 * ended by `kill -9` they are gone in less than a second, whatever they do.
 *
 * ```ts
 * import { ProcessPool } from 'fibril/offload'
 *
 * interface Work {
 *   pid(): number
 *   die(): never
 * }
 * const source = 'export const pid = () => process.pid; export const die = () => process.kill(process.pid, 9)'
 * const module = `data:text/javascript,${encodeURIComponent(source)}`
 *
 * await using pool = new ProcessPool<Work>(module, { size: 1, name: 'risky' })
 * console.log((await pool.submit('pid')) !== process.pid) // => true
 * const failure = await pool.submit('die').then(String, (error) => (error as Error).name)
 * console.log(failure) // => BrokenError
 * console.log(typeof (await pool.submit('pid'))) // => number
 * ```
 */
export class ProcessPool<M extends object = AnyModule> extends WorkerPool<M> {
  constructor(module: string | URL, options: ProcessPoolOptions<M> = {}) {
    super(module, options, false, (url, _name, hooks) => (_id, events) => new Process(url, options, hooks, events))
  }
}

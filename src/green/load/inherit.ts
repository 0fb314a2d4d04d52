/**
 * What a program starts is to be compiled like the program. Node hands its own flags on, to worker threads and to
 * `child_process.fork`; hooks that were installed at run time it does not. So `fibril run` adds to both what
 * `node --import fibril/green/register` would have had them inherit. A process that is started by name
 * (`spawn('node', …)`) is another program.
 */
import { syncBuiltinESMExports } from 'node:module'
import threads, { type WorkerOptions } from 'node:worker_threads'

export function inherit(register: string): void {
  // `fork` and `cluster` read this array; a worker gets what the process was started with.
  process.execArgv.push('--import', register)
  threads.Worker = new Proxy(threads.Worker, {
    construct(target, [file, options, ...rest]: [unknown, WorkerOptions | undefined, ...unknown[]], newTarget) {
      const inherited = { ...options, execArgv: options?.execArgv ?? process.execArgv.filter(suitsWorker) }
      return Reflect.construct(target, [file, inherited, ...rest], newTarget)
    },
  })
  syncBuiltinESMExports()
}

/**
 * Told its flags, a worker refuses those that hold for the whole process (ERR_WORKER_INVALID_EXEC_ARGV). So it is told
 * only what says how modules load.
 */
function suitsWorker(flag: string, index: number, flags: readonly string[]): boolean {
  return loading.test(flag) || takesValue.test(flags[index - 1] ?? '')
}
const takesValue = /^(--import|--require|-r|--conditions|-C)$/
const loading = /^(--import|--require|--conditions|--enable-source-maps|--no-warnings)(=|$)|^-[rC]$/

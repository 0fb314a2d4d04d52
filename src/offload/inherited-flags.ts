const takesValue = /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C)$/
const kept =
  /^(--import|--require|--loader|--experimental-loader|--conditions|--enable-source-maps|--no-warnings)(=|$)|^-[rC]$/

/**
 * @internal Which of this process's own flags a worker is started with; undefined for all of them, as Node does by itself.
 *
 * A program that came by `--eval` or stdin with `--input-type` cannot start a worker from a file at all, since the worker
 * inherits that flag and refuses it (ERR_INPUT_TYPE_NOT_ALLOWED). Flags for V8 cannot be repeated for a worker
 * (ERR_WORKER_INVALID_EXEC_ARGV), and hold for the whole process anyway. So then only what changes how modules load is passed.
 */
export function inheritedFlags(execArgv: readonly string[]): readonly string[] | undefined {
  if (!execArgv.some((flag) => flag.startsWith('--input-type'))) return undefined
  return execArgv.filter((flag, i) => kept.test(flag) || takesValue.test(execArgv[i - 1] ?? ''))
}

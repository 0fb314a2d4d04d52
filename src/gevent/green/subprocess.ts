/** gevent's `subprocess` as plain calls; see `subprocess` of `fibril/gevent`. */
import { faceClass, type Green, type Stream, streamOf } from '../../green/index.ts'
import { park, parkable } from '../../green/runtime/index.ts'
import type { BufferedStream } from '../../net/index.ts'
import * as base from '../subprocess.ts'

export {
  CalledProcessError,
  type Completed,
  DEVNULL,
  PIPE,
  type PopenOptions,
  type RunOptions,
  TimeoutExpired,
} from '../subprocess.ts'

const names = [
  ...(['args', 'pid', 'returncode', 'poll', 'wait', 'communicate', 'sendSignal', 'terminate', 'kill'] as const),
  'toString',
] as const

/** A process: what waits is a plain call. */
export interface Popen extends Green<base.Popen, (typeof names)[number]> {
  readonly stdin: Stream | null
  readonly stdout: Stream | null
  readonly stderr: Stream | null
}
const face = (stream: BufferedStream | null): Stream | null => stream && streamOf(stream)
export const Popen: new (args: readonly string[] | string, options?: base.PopenOptions) => Popen = faceClass<
  base.Popen,
  never
>(base.Popen, [...names, 'stdin', 'stdout', 'stderr'], { results: { stdin: face, stdout: face, stderr: face } })

/** Runs a command to its end. */
export const run = parkable(function run(args: readonly string[] | string, options?: base.RunOptions): base.Completed {
  return park(base.run(args, options))
})

/** Runs a command, and gives its exit code. */
export const call = parkable(function call(args: readonly string[] | string, options?: base.RunOptions): number {
  return park(base.call(args, options))
})

/** Runs a command; a code other than 0 is a `CalledProcessError`. */
export const checkCall = parkable(function checkCall(
  args: readonly string[] | string,
  options?: base.RunOptions,
): number {
  return park(base.checkCall(args, options))
})

/** Runs a command, and gives what it writes to its standard output. */
export const checkOutput = parkable(function checkOutput(
  args: readonly string[] | string,
  options?: base.RunOptions,
): string {
  return park(base.checkOutput(args, options))
})

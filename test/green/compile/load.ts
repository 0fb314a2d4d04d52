import { transformSync } from 'esbuild'
import { fn, type Operation, run, sleep, spawn, type Task, timeout } from '../../../src/core/index.ts'
import { type CompileOptions, compile } from '../../../src/green/compile/index.ts'
import * as runtime from '../../../src/green/runtime/index.ts'
import { Queue } from '../../../src/sync/index.ts'
import { Random } from './random.ts'

const { park, parkable } = runtime

// Programs of tests are short: their bodies are used again from the first time on.
runtime.keeping.after = 0

const echoing = fn(function* leaf(value: unknown) {
  yield* sleep(1)
  return value
})

/** Gives its argument after a while. */
const echo = parkable(<T>(value: T) => park(echoing(value) as Operation<T>))

/** The same, of which some calls, chosen by a seed, park and others do not. */
export function echoAtRandom(seed: number): typeof echo {
  const choices = new Random(seed, 5)
  return parkable(<T>(value: T) => (choices.below(2) === 0 ? value : park(echoing(value) as Operation<T>)))
}

/** What green programs of tests import: blocking functions, made as `fibril/green` makes them. */
export const blocking = {
  Queue,
  sleep: parkable((ms: number) => park(sleep(ms))),
  yieldNow: runtime.giveWay,
  get: parkable(<T>(queue: Queue<T>) => park(queue.get())),
  join: parkable(<T>(task: Task<T>) => park(task)),
  wait: parkable(<T>(operation: Operation<T>) => park(operation)),
  timeout: parkable((ms: number, body: () => unknown) => park(timeout(ms, body as () => number))),
  spawn,
  run,
  leaf: echo,
}

/** Compiles a CommonJS text and gives what it exports. With `plain` it is not compiled, and nothing blocks. */
export function load(
  source: string,
  options: Partial<CompileOptions> & { readonly plain?: boolean; readonly globals?: Record<string, unknown> } = {},
): Record<string, (...args: never[]) => unknown> {
  const { plain = false, globals = {}, ...rest } = options
  const code = plain ? withoutUsing(source) : compileText(source, rest).code
  return evaluate(code, { ...(plain ? plainly : blocking), ...globals })
}

/** What a CommonJS text exports. */
export function evaluate(
  code: string,
  globals: Record<string, unknown>,
): Record<string, (...args: never[]) => unknown> {
  const exports = {}
  new Function('exports', 'require', ...Object.keys(globals), code)(exports, () => runtime, ...Object.values(globals))
  return exports
}

export function compileText(source: string, options: Partial<CompileOptions> = {}): ReturnType<typeof compile> {
  return compile(source, { url: 'test.js', format: 'commonjs', language: 'js', runtime: 'runtime', ...options })
}

/** What stands for them where nothing blocks. */
export const plainly = { ...blocking, sleep: () => {}, yieldNow: () => {}, leaf: <T>(value: T): T => value }

/** Node does from 24 on. */
export const knowsUsing: boolean = canParse('{ using x = null }')

/** For a Node that does not know `using`: as somebody else lowers it. Neither he nor V8 is right about the heads of `for (;;)`. */
export function withoutUsing(source: string): string {
  return knowsUsing || !/\busing\b/.test(source) ? source : transformSync(source, { target: 'node20' }).code
}

function canParse(source: string): boolean {
  try {
    return new Function(source) instanceof Function
  } catch {
    return false
  }
}

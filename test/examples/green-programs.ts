import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

/** The root of the tree; this file is built into dist/test/examples. */
export const root = fileURLToPath(new URL('../../../', import.meta.url))

/** How long a program may take before it counts as hung. */
const TIMEOUT_MS = 100_000

/** What a program has printed, and that it ended well. */
export interface Ended {
  readonly lines: readonly string[]
  readonly errors: readonly string[]
}

/** `fibril run` with a program of `examples/green`, from the root, as its head comment says. */
export function runGreen(program: string, args: readonly string[] = [], options: RunGreenOptions = {}): Promise<Ended> {
  const { include = [], env = {}, onLine } = options
  const included = include.flatMap((name) => ['--include', name])
  const cli = ['dist/src/cli/main.js', 'run', ...included, `examples/green/${program}`, ...args]
  return runNode(cli, env, onLine)
}

export interface RunGreenOptions {
  readonly include?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Told of each line as it comes; may kill. */
  readonly onLine?: (line: string, kill: () => void) => void
}

/** Runs node from the root until it ends with code 0, or was killed by `onLine`. */
export async function runNode(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  onLine?: RunGreenOptions['onLine'],
): Promise<Ended> {
  // The test runner's own variable would make the child speak the runner's protocol.
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...inherited } = process.env
  const child = spawn(process.execPath, args, { cwd: root, env: { ...inherited, ...env } })
  const lines: string[] = []
  const errors: string[] = []
  let killed = false
  const kill = (): void => {
    killed = true
    child.kill('SIGKILL')
  }
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line))
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    onLine?.(line, kill)
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  clearTimeout(timer)
  if (!killed) assert.deepEqual([code, signal], [0, null], [...lines, ...errors].join('\n'))
  return { lines, errors }
}

/**
 * True if a server listens, started by `start` if it was not there. Without one the test is skipped, loudly; in CI it
 * fails.
 */
export async function serverAt(t: TestContext, name: string, port: number, start: readonly string[]): Promise<boolean> {
  if (await answers(port)) return true
  const [command = '', ...args] = start
  const child = spawn(command, args, { detached: true, stdio: 'ignore' })
  const failed = once(child, 'error').then(() => true)
  child.unref()
  for (let tries = 0; tries < 100; tries++) {
    const over = await Promise.race([failed, new Promise<false>((resolve) => setTimeout(resolve, 200, false))])
    if (over) break
    if (await answers(port)) return true
  }
  const message = `${name} does not listen at 127.0.0.1:${port}, and \`${start.join(' ')}\` does not start it`
  assert.ok(!process.env['CI'], message)
  process.stderr.write(`\n*** NOT TESTED: ${message} ***\n\n`)
  t.skip(message)
  return false
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

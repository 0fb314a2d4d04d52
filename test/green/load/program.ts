import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

export const cli = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url))
export const register = new URL('../../../src/green/register/index.js', import.meta.url).href
export const standIn = new URL('./stand-in-compiler.js', import.meta.url).href

export interface Ending {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** Called with all that the program has written, each time that it writes; may send it signals. */
  readonly onOutput?: (
    so: { readonly stdout: string; readonly stderr: string },
    kill: (signal: NodeJS.Signals) => void,
  ) => void
}

/** A folder with these files, that is deleted after the test. */
export function folderWith(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fibril-load-')))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

/** Settings that have the stand-in compile. */
export function withStandIn(settings: object = {}): Readonly<Record<string, string>> {
  return { FIBRIL_GREEN: JSON.stringify({ compiler: standIn, ...settings }) }
}

/** Runs Node to its end. */
export async function node(args: readonly string[], { cwd, env, stdin, onOutput }: RunOptions): Promise<Ending> {
  // The test runner's own variable would make the child speak the runner's protocol.
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...inherited } = process.env
  const child = spawn(process.execPath, args, { cwd, env: { ...inherited, ...env } })
  child.stdin.end(stdin)
  const so = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      so[name] += chunk
      onOutput?.(so, (signal) => child.kill(signal))
    })
  const ended = new Promise<[number | null, string | null]>((resolve) => child.on('close', (...end) => resolve(end)))
  const [code, signal] = await ended
  return { code, signal, ...so }
}

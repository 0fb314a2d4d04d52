import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'

/** A real browser, where the system has one: Debian's `chromium`, or what CHROMIUM names. */
const found = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== '' && existsSync(path))

if (found === undefined && process.env['CI'])
  throw new Error('The tests of the page need a browser: apt-get install chromium, or CHROMIUM=path')
if (found === undefined)
  console.error('⚠ THE PAGE IS NOT TESTED: there is no chromium. apt-get install chromium, or CHROMIUM=path')

export const skip: string | false = found === undefined && 'there is no chromium'

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: found as string,
    // A name of somebody else's that leads to this machine: what DNS rebinding comes down to.
    args: [
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      '--host-resolver-rules=MAP rebound.test 127.0.0.1',
    ],
  })
}

/** A program that runs with its page. */
export interface Watched {
  /** The address with its token. */
  readonly url: string
  readonly origin: string
  /** Resolves when it has printed this. */
  printed(text: string): Promise<void>
}

const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** Runs a broken example as its reader would: `fibril run --inspect-fibril`. */
export function watchExample(t: Ending, name: string, ...args: readonly string[]): Promise<Watched> {
  return watch(t, [`${root}dist/src/cli/main.js`, 'run', '--inspect-fibril', `examples/broken/${name}.ts`, ...args])
}

/** Runs one of `programs.ts`. */
export function watchProgram(t: Ending, ...args: readonly string[]): Promise<Watched> {
  return watch(t, [fileURLToPath(new URL('./programs.js', import.meta.url)), ...args])
}

/** A test, or whatever else says when it is over. */
export interface Ending {
  after(step: () => unknown): void
}

/** Starts a process that ends with its test. */
async function watch(t: Ending, args: readonly string[]): Promise<Watched> {
  const env = { ...process.env, FIBRIL_INSPECT: 'page' }
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  const lines: string[] = []
  const hearers = new Set<() => void>()
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on('line', (line) => {
      lines.push(line)
      for (const hear of hearers) hear()
    })
  const until = <T>(look: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const hear = (): void => {
        const value = look()
        if (value === undefined) return
        hearers.delete(hear)
        resolve(value)
      }
      child.on('exit', (code) => reject(new Error(`the program ended with ${code}, after: ${lines.join('\n')}`)))
      hearers.add(hear)
      hear()
    })
  const url = await until(() => lines.map((line) => /http:\S+token=\S+/.exec(line)?.[0]).find(Boolean))
  return {
    url,
    origin: new URL(url).origin,
    printed: async (text) => void (await until(() => lines.find((line) => line.includes(text)))),
  }
}

/** Opens an address, in a browser profile of its own. What the page complains of ends up in `complaints`. */
export async function openPage(
  t: Ending,
  browser: Browser,
  url: string,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  t.after(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  await page.goto(url)
  return { page, complaints }
}

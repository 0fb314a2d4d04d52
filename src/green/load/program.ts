import { existsSync, readFileSync } from 'node:fs'
import Module from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { setDefaultHost } from '../../core/index.ts'
import { NodeHost } from '../../host/index.ts'
import { patchAll } from '../patch/index.ts'
import { exitByDeadlock } from './deadlock.ts'
import { formatOf } from './format.ts'
import { registerHooks } from './hooks.ts'
import { inherit } from './inherit.ts'
import { install } from './install.ts'
import { cancelTasksOnInterrupt } from './interrupt.ts'
import { otherFile } from './resolve.ts'
import { type LoadSettings, SETTINGS_VARIABLE, settingsText } from './settings.ts'

/** Makes this thread one in which modules are compiled and tasks are looked after: what `--import` of `register` does. */
export async function prepare(settings: LoadSettings): Promise<void> {
  setDefaultHost(() => new NodeHost())
  // Before anything else is loaded, which might keep what it finds.
  if (settings.patch) patchAll()
  // Hooks in a thread of their own are asked twice for each file that comes after them: what most programs import comes before.
  if (registerHooks === undefined && isMainThread) await import('../index.ts')
  install(settings)
  cancelTasksOnInterrupt()
  exitByDeadlock()
  if (settings.watchdog !== null) {
    const { watchdog } = await import('../watchdog/index.ts')
    watchdog({ limitMs: settings.watchdog })
  }
}

/** Goes on as the program in `file` (an absolute path), as `node FILE …` would have begun. */
export async function runProgram(file: string, args: readonly string[], settings: LoadSettings): Promise<void> {
  const path = existsSync(file) ? file : meant(file)
  process.env[SETTINGS_VARIABLE] = settingsText(settings)
  process.argv.splice(1, Infinity, path, ...args)
  inherit(new URL('../register/index.js', import.meta.url).href)
  await prepare(settings)
  runMain(path)
}

function meant(file: string): string {
  const other = otherFile(file, undefined, { code: 'MODULE_NOT_FOUND' })
  return other === null ? file : fileURLToPath(other)
}

interface MainLoader {
  runMain(): void
  _load(path: string, parent: null, isMain: boolean): unknown
}

function runMain(path: string): void {
  const loader = Module as unknown as MainLoader
  if (registerHooks !== undefined) return loader.runMain()
  // Before it had hooks for both, Node knew no TypeScript either, and could not tell what this is.
  const url = pathToFileURL(path).href
  const format = existsSync(path) ? formatOf(url, undefined, readFileSync(path, 'utf8')) : 'commonjs'
  if (format === 'module') importMain(url)
  else loader._load(path, null, true)
}

function importMain(url: string): void {
  const unsettled = (): void => {
    process.exitCode ??= 13
  }
  process.on('exit', unsettled)
  void import(url).finally(() => process.off('exit', unsettled))
}

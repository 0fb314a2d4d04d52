import module from 'node:module'
import { UsageError } from '../../core/index.ts'
import { compileRequired, resolveRequired } from './commonjs.ts'
import { registerHooks, syncHooks } from './hooks.ts'
import type { LoadSettings } from './settings.ts'
import { createTranslator } from './translator.ts'

let installed = false

/** From now on this thread compiles the modules that it loads. A second call does nothing. */
export function install(settings: LoadSettings): void {
  if (installed) return
  if (process.versions['bun'] !== undefined)
    throw new UsageError(
      'Bun has no hooks to compile by: build the program with fibril/green/unplugin, or run it by Node',
    )
  installed = true
  process.setSourceMapsEnabled(true)
  const translator = createTranslator(settings)
  if (registerHooks !== undefined) {
    const left = new Set<string>()
    registerHooks(syncHooks(translator, left))
    compileRequired(translator, (url) => left.has(url), false)
  } else {
    compileRequired(translator, translator.selects, true)
    resolveRequired()
    registerInThread(settings)
  }
}

function registerInThread(settings: LoadSettings): void {
  try {
    module.register(new URL('./worker-hooks.js', import.meta.url), { data: settings })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') throw error
    const advice = 'before Node 22.15 that needs a thread of its own (--allow-worker)'
    process.emitWarning(`only CommonJS is compiled, and no ES modules: ${advice}`, 'FibrilWarning')
  }
}

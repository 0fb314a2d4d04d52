/**
 * Green code compiled ahead of time, by the bundler of your choice: the same compile as `fibril run` does, as a plugin by
 * `unplugin` (https://unplugin.unjs.io), which you install beside Fibril. The bundle imports `fibril/green/runtime`, which may
 * be bundled as well or stay external.
 *
 *     // rollup.config.js
 *     import { rollup as green } from 'fibril/green/unplugin'
 *
 *     export default { input: 'src/main.ts', output: { file: 'dist/main.mjs' }, plugins: [green()] }
 */
import { createRequire } from 'node:module'
import { isAbsolute } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { UsageError } from '../../core/index.ts'
import { createSelection, languageOf, Project, settingsFrom } from '../load/index.ts'

export interface GreenPluginOptions {
  /** Dependencies that are compiled too: packages (`express`, `@acme/*`) and paths from the working directory (`vendor/**`). */
  readonly include?: readonly string[]
  /** What is left as it is. */
  readonly exclude?: readonly string[]
  /** Every call parks once: for tests. */
  readonly stress?: boolean
}

/** For `plugins` of Rollup, Rolldown and Vite. */
export interface RollupPlugin {
  name: string
}
/** For `plugins` of esbuild. */
export interface EsbuildPlugin {
  name: string
  setup(build: object): void | Promise<void>
}
/** For `plugins` of webpack and Rspack. */
export interface WebpackPlugin {
  apply(compiler: object): void
}

/** The plugin for Vite. */
export function vite(options?: GreenPluginOptions): RollupPlugin {
  return flattened(plugin().vite(options) as unknown as RollupPlugin | RollupPlugin[])
}

/** The plugin for Rollup and Rolldown. */
export function rollup(options?: GreenPluginOptions): RollupPlugin {
  return flattened(plugin().rollup(options) as unknown as RollupPlugin | RollupPlugin[])
}

/** The plugin for esbuild. */
export function esbuild(options?: GreenPluginOptions): EsbuildPlugin {
  return plugin().esbuild(options) as unknown as EsbuildPlugin
}

/** The plugin for webpack and Rspack. */
export function webpack(options?: GreenPluginOptions): WebpackPlugin {
  return plugin().webpack(options) as unknown as WebpackPlugin
}

// One plugin of ours is one plugin of theirs.
function flattened(made: RollupPlugin | RollupPlugin[]): RollupPlugin {
  return Array.isArray(made) ? (made[0] as RollupPlugin) : made
}

function plugin() {
  const { createUnplugin } = loadUnplugin()
  return createUnplugin((options: GreenPluginOptions | undefined) => {
    const { include = [], exclude = [], stress = false } = options ?? {}
    const selects = createSelection({ include, exclude })
    const settings = { ...settingsFrom(process.env), include, exclude, stress }
    let project = new Project(settings)
    const forget = (): void => {
      project = new Project(settings)
    }
    return {
      name: 'fibril',
      // Before anything else makes something of the functions.
      enforce: 'pre',
      transformInclude: (id) => isAbsolute(id) && selects(urlOf(id)),
      buildStart: forget,
      watchChange: forget,
      transform(source, id) {
        const url = urlOf(id)
        const { code, map } = project.compile(source, url, languageOf(url))
        // What it says of other modules' functions changes with them.
        for (const module of project.modulesBehind(url)) this.addWatchFile(fileURLToPath(module))
        return code === source ? null : { code, map: map as never }
      },
    }
  })
}

/** Without the query that some bundlers add. */
function urlOf(id: string): string {
  return pathToFileURL(id.split('?', 1)[0] as string).href
}

/** Not imported above: whoever only runs programs need not have it. */
function loadUnplugin(): typeof import('unplugin') {
  try {
    return createRequire(import.meta.url)('unplugin') as typeof import('unplugin')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    throw new UsageError('fibril/green/unplugin needs the package unplugin: npm install --save-dev unplugin')
  }
}

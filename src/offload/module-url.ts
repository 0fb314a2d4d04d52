import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { UsageError } from '../core/index.ts'

/**
 * @internal The URL of the module that workers run.
 *
 * `new URL('./work.ts', import.meta.url)` names the source, also in what the compiler made of it, because it rewrites
 * imports and not strings. So where there is no such file, the one that it is compiled to is meant.
 */
export function moduleUrl(module: string | URL): string {
  const url = String(module)
  if (isAbsolute(url)) return compiled(pathToFileURL(url).href)
  if (!URL.canParse(url)) {
    throw new UsageError(
      `there is no module ${JSON.stringify(url)}: write new URL(${JSON.stringify(url)}, import.meta.url)`,
    )
  }
  return compiled(url)
}

function compiled(url: string): string {
  if (!url.startsWith('file:') || existsSync(fileURLToPath(url))) return url
  const output = url.replace(/\.([cm]?)ts(?=$|[?#])/, '.$1js')
  return existsSync(fileURLToPath(output)) ? output : url
}

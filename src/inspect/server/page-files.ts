import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

export interface PageFile {
  readonly type: string
  readonly content: Buffer
}

/** The page as it was built. Only what lies in its folder is served: a path is looked up, never followed. */
export class PageFiles {
  readonly #folder: string
  readonly #paths: ReadonlySet<string>

  constructor(folder = fileURLToPath(new URL('../page/', import.meta.url))) {
    this.#folder = folder
    const files = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : []
    this.#paths = new Set(
      files
        .filter((entry) => entry.isFile() && types[extname(entry.name)] !== undefined)
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).replaceAll('\\', '/')),
    )
  }

  /** The file for the path of an address; null if there is none. */
  get(path: string): PageFile | null {
    const name = path === '/' ? 'index.html' : path.slice(1)
    if (!this.#paths.has(name)) return null
    return { type: types[extname(name)] as string, content: readFileSync(join(this.#folder, name)) }
  }
}

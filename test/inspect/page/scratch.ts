import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A place for a file, which is gone afterwards. */
export function scratchFile(name: string): Disposable & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'fibril-page-'))
  return { path: join(folder, name), [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

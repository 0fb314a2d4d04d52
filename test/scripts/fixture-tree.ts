import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The root of the repository, seen from dist/test/scripts. */
export const root = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * A folder with the given files (path → text), deleted at the end of its block. It lies in dist/, so that what its
 * files import is found in node_modules.
 */
export function fixtureTree(files: Record<string, string>): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(root, 'dist', 'fixture-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), text)
  }
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

/** The address of one of scripts/, for a dynamic import: they are plain JavaScript, outside the build. */
export const scriptUrl = (name: string): string => pathToFileURL(join(root, 'scripts', name)).href

/** Runs one of scripts/ to its end. */
export function runScript(
  name: string,
  args: string[] = [],
  env: Record<string, string> = {},
): SpawnSyncReturns<string> {
  // Drop NODE_TEST_CONTEXT: with it, a `node --test` started from a test prints for its parent, not for people.
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  return spawnSync(process.execPath, [join(root, 'scripts', name), ...args], {
    encoding: 'utf8',
    env: { ...inherited, ...env },
  })
}

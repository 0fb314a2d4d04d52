// Bundles the inspector's page, src/inspect/page, into dist/src/inspect/page: index.html, one script, one stylesheet, which
// the package ships. Called by scripts/build.mjs. Does nothing if no file that went into the last bundle has changed since.
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const home = fileURLToPath(new URL('..', import.meta.url))

/** Where the bundle lies within dist/: what is there has no source of its name. */
export const bundleFolder = 'src/inspect/page/assets'

/** Bundles the page of the tree at `root`, if it has one. True if all went well. */
export async function buildPage(root) {
  const source = join(root, 'src/inspect/page')
  const out = join(root, 'dist/src/inspect/page')
  const notes = join(root, 'dist/.page.json')
  if (!existsSync(source) || isFresh(root, out, notes)) return true
  const { build } = await import('esbuild')
  const platform = join(source, 'platform.ts')
  const { metafile, errors } = await build({
    absWorkingDir: root,
    entryPoints: { page: join(source, 'main.tsx') },
    outdir: join(root, 'dist', bundleFolder),
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    // The simulator's Deferred is the one that runs in Node; what little it asks of Node is in that file.
    alias: { 'node:util': platform, 'node:async_hooks': platform },
    inject: [platform],
    // All other modules of Node belong to code that is shaken off; see below.
    external: ['node:*'],
    metafile: true,
    legalComments: 'none',
    banner: { js: licences() },
    logLevel: 'warning',
  }).catch(({ errors }) => ({ errors }))
  if (errors.length > 0) return false
  const strangers = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path))
  if (strangers.length > 0) {
    console.error(`The page needs ${strangers.join(', ')}, which no browser has: see src/inspect/page/platform.ts`)
    return false
  }
  mkdirSync(out, { recursive: true })
  copyFileSync(join(source, 'index.html'), join(out, 'index.html'))
  const inputs = [...Object.keys(metafile.inputs), 'src/inspect/page/index.html', 'package-lock.json']
  writeFileSync(notes, JSON.stringify(inputs))
  return true
}

/** Nothing is newer than the bundle: no file of it, and not this script. */
function isFresh(root, out, notes) {
  if (![notes, join(out, 'index.html'), join(out, 'assets/page.js')].every((file) => existsSync(file))) return false
  const { mtimeMs } = statSync(notes)
  const inputs = JSON.parse(readFileSync(notes, 'utf8')).map((input) => join(root, input))
  return [...inputs, fileURLToPath(import.meta.url)].every(
    (file) => existsSync(file) && statSync(file).mtimeMs < mtimeMs,
  )
}

/** What the licences of the bundled packages ask for: that their texts go with every copy. */
function licences() {
  const packages = ['preact', '@preact/signals', '@preact/signals-core', 'uplot', '@dagrejs/dagre', '@dagrejs/graphlib']
  const texts = packages.map((name) => {
    const folder = join(home, 'node_modules', name)
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    return `${name} ${version}\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8').trim()}`
  })
  return `/*! The inspector's page. It holds parts of these packages:\n\n${texts.join('\n\n---\n\n')}\n*/`
}

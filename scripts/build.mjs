// Compiles everything into dist/, then deletes from dist/ what no source makes any more: a test that was renamed must
// not go on running under its old name, nor a removed file be published. tsc alone never deletes. At last the modules of
// each folder of src/ are put together.
//
//   node scripts/build.mjs [root]
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildPage, bundleFolder } from './build-page.mjs'
import { bundleFolders, isBundled } from './bundle-folders.mjs'

const home = fileURLToPath(new URL('..', import.meta.url))
const root = process.argv[2] ?? home
const dist = join(root, 'dist')
const tsc = join(home, 'node_modules/typescript/bin/tsc')

const { status } = spawnSync(process.execPath, [tsc, '-p', root], { stdio: 'inherit' })

for (const folder of ['src', 'test', 'examples', 'bench']) {
  if (!existsSync(join(dist, folder))) continue
  for (const entry of readdirSync(join(dist, folder), { recursive: true, withFileTypes: true })) {
    const output = join(entry.parentPath, entry.name)
    const source = join(root, relative(dist, output)).replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts')
    if (output.startsWith(join(dist, bundleFolder)) || isBundled(relative(dist, output).replaceAll('\\', '/'))) continue
    if (entry.isFile() && source.endsWith('.ts') && !existsSync(source)) rmSync(output)
  }
}

await bundleFolders(root)
const bundled = await buildPage(root)
process.exitCode = bundled ? (status ?? 1) : status || 1

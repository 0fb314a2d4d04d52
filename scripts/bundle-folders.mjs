// Theory of operation
//
// Node takes half a millisecond of the processor for each module that it loads, however small, and a program that imports
// fibril/green would load two hundred. So in dist/src the modules of a folder are put together, into as few as keep what
// each importer sees. Folders are those that stand on floors (check-imports.mjs). Called by scripts/build.mjs.
//
//   - An entry keeps its name: what something outside of the folder imports, tests and benchmarks included; what nobody
//     imports, for that is started by name or by URL; and what the folder itself names by a URL.
//   - All else goes into the entry that imports it or, where several do, into one file for all of them, named after one of its
//     modules. So no module is there twice, none is loaded that was not loaded before, and `import.meta.url` is still
//     the place of the source.
//   - No circles come of it. Suppose that two files, made of the sources A and B, import each other by way of another folder:
//     that leads in by an entry, say in B. All sources in one file are reached by the same entries, so this one is reached
//     from it as well as from all that lies in A, and the sources had been a circle before: check-imports.mjs forbids these.
//
// Declarations (.d.ts) stay one for each source. What tsc writes is moved to dist/.modules, since tsc writes again only what
// changed, and bundled from there. A folder in which nothing changed is left as it is, and so is a file whose content is the
// same, for the sake of caches that look at the times of files.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { folderOf } from './check-imports.mjs'
import { importsOf, lex } from './imports-of.mjs'

const importers = ['src', 'test', 'examples', 'bench']
const itself = fileURLToPath(import.meta.url)

/** Bundles the folders of the tree at `root`. */
export async function bundleFolders(root) {
  const notes = join(root, 'dist/.folders.json')
  const former = existsSync(notes) ? JSON.parse(readFileSync(notes, 'utf8')) : {}
  const known = {}
  const folders = foldersIn(root)
  keepModules(root, former)
  for (const [folder, { entries, files }] of folders) {
    const modules = files.map((file) => moduleOf(root, file))
    const stateWith = (outputs) => JSON.stringify([entries, [...modules, ...outputs, itself].map(timeOf)])
    const { state, outputs } = former[folder] ?? { state: '', outputs: [] }
    if (state === stateWith(outputs)) known[folder] = former[folder]
    else {
      const outputs = await bundle(root, folder, entries)
      known[folder] = { outputs, times: outputs.map(timeOf), state: stateWith(outputs) }
    }
  }
  writeFileSync(notes, JSON.stringify(known))
  const wanted = new Set(Object.values(known).flatMap(({ outputs }) => outputs))
  for (const path of builtUnder(root, 'dist')) if (!wanted.has(path)) rmSync(path)
}

const timeOf = (file) => (existsSync(file) ? statSync(file).mtimeMs : 0)

/** What tsc made of a source. */
const moduleOf = (root, file) => join(root, 'dist/.modules', file.replace(/\.ts$/, '.js'))

/** Moves away what tsc has written since the last time, and deletes what it made of sources that are gone. */
function keepModules(root, former) {
  const ours = Object.values(former).flatMap(({ outputs, times }) => outputs.map((path, i) => [path, times[i]]))
  const times = new Map(ours)
  for (const path of builtUnder(root, 'dist')) {
    if (times.get(path) === timeOf(path)) continue
    const kept = join(root, 'dist/.modules', relative(join(root, 'dist'), path))
    mkdirSync(dirname(kept), { recursive: true })
    renameSync(path, kept)
  }
  for (const path of builtUnder(root, 'dist/.modules')) {
    const source = relative(join(root, 'dist/.modules'), path).replace(/\.js(\.map)?$/, '.ts')
    if (!existsSync(join(root, source))) rmSync(path)
  }
}

/** Whether a file, by its path within dist/, is made here. */
export const isBundled = (file) => /\.js(\.map)?$/.test(file) && unitOf(file) !== undefined

/** The JavaScript, and its maps, in the folders that are bundled. */
function builtUnder(root, dist) {
  return filesUnder(join(root, dist), 'src')
    .filter(isBundled)
    .map((file) => join(root, dist, file))
}

/** Folder, from src on → its sources, and those of them that are entries. */
function foldersIn(root) {
  const folders = new Map()
  const imported = new Set()
  const fromOutside = new Set()
  for (const file of importers.flatMap((folder) => filesUnder(root, folder)).filter(isSource)) {
    const folder = unitOf(file)
    if (folder !== undefined && !folders.has(folder)) folders.set(folder, { entries: [], files: [] })
    folders.get(folder)?.files.push(file)
    const text = readFileSync(join(root, file), 'utf8')
    const at = (specifier) => posix.join(posix.dirname(file), specifier)
    for (const { specifier } of importsOf(lex(text)))
      (unitOf(at(specifier)) === folder ? imported : fromOutside).add(at(specifier))
    for (const [, named] of text.matchAll(/\bnew URL\(\s*['`](\.\.?\/[\w/-]+)(?:\.js'|\$\{)/g))
      fromOutside.add(`${at(named)}.ts`)
  }
  for (const { entries, files } of folders.values())
    entries.push(...files.filter((file) => !imported.has(file) || fromOutside.has(file)))
  return folders
}

const isSource = (file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts')

/** The folder that is bundled as one; undefined for what is not bundled here. */
function unitOf(file) {
  if (!file.startsWith('src/') || file.startsWith('src/inspect/page/')) return undefined
  const folder = folderOf(file.slice('src/'.length))
  return folder === undefined || folder.endsWith('.ts') ? 'src' : `src/${folder}`
}

function filesUnder(root, folder) {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => slashed(relative(root, join(entry.parentPath, entry.name))))
    .sort()
}

const slashed = (path) => path.replaceAll(sep, '/')

/** Writes one folder's bundle. The paths of what it consists of. */
async function bundle(root, folder, entries) {
  const { rollup } = await import('rollup')
  const modules = join(root, 'dist/.modules')
  const within = (id) => posix.relative(folder, slashed(relative(modules, id)))
  const built = await rollup({
    input: [],
    treeshake: false,
    // The helpers that tsc puts into a module look at `this` for older ones; there is none here.
    onLog: (level, log, report) => log.code === 'THIS_IS_UNDEFINED' || report(level, log),
    plugins: [
      {
        name: 'folder',
        buildStart() {
          for (const file of entries) {
            const id = moduleOf(root, file)
            // What users see exports nothing else. Any other entry may lend its modules to those that import it.
            const preserveSignature = posix.basename(file) === 'index.ts' ? 'strict' : 'allow-extension'
            this.emitFile({ type: 'chunk', id, name: within(id).replace(/\.js$/, ''), preserveSignature })
          }
        },
        resolveId(specifier, importer) {
          if (importer === undefined) return null
          if (!specifier.startsWith('.')) return { id: specifier, external: true }
          const id = join(dirname(importer), specifier)
          return { id, external: unitOf(slashed(relative(modules, id))) !== folder }
        },
        load(id) {
          const sources = [join(root, relative(modules, id)).replace(/\.js$/, '.ts')]
          const map = { ...JSON.parse(readFileSync(`${id}.map`, 'utf8')), sources }
          return { code: readFileSync(id, 'utf8'), map }
        },
        resolveImportMeta(property, { moduleId, chunkId }) {
          const way = posix.relative(posix.dirname(chunkId), within(moduleId))
          if (property !== 'url' || !way.includes('/')) return null
          return `new URL(${JSON.stringify(way.startsWith('.') ? way : `./${way}`)}, import.meta.url).href`
        },
      },
    ],
  })
  const dir = join(root, 'dist', folder)
  const { output } = await built.generate({
    ...{ dir, format: 'es', sourcemap: true, sourcemapExcludeSources: true },
    ...{
      entryFileNames: '[name].js',
      chunkFileNames: '[name].js',
      hoistTransitiveImports: false,
      minifyInternalExports: false,
    },
  })
  await built.close()
  return output.map(({ fileName, code, source }) => {
    const path = join(dir, fileName)
    const text = code ?? source
    mkdirSync(dirname(path), { recursive: true })
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text)
    return path
  })
}

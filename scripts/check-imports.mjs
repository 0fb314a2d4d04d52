// Theory of operation
//
// The folders of src/ stand on floors. A file may import its own folder by file, and any folder on a lower floor by its
// index.ts, or by file if it lies within that one. Nothing points up, or sideways, and no chain of imports comes back to
// where it began. A type is an import like any other: a circle of types is a circle of ideas.
//
//   node scripts/check-imports.mjs      prints each violation as file:line, exits with 1 if there is one

import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, posix, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { importsOf, lex, lineAt } from './imports-of.mjs'

const floors = [
  ['core', 'protocol', 'twisted/drawing'],
  ['host', 'sync', 'green/compile', 'green/runtime', 'green/stack'],
  ['net', 'offload', 'green/patch', 'green/watchdog'],
  ['green', 'offload/cluster', 'serving'],
  ['twisted', 'tornado', 'gevent', 'inspect', 'inspect/otel', 'testing', 'green/load', 'offload/cluster/green'],
  // the face of the package, and what is built on a dialect
  ['index.ts', 'green/register', 'green/unplugin', 'tornado/testing', 'twisted/simulator', 'twisted/testing'],
  ['cli', 'inspect/page'],
]
const faces = ['net/http/index.ts', 'net/lingering/index.ts'] // of a folder besides its index.ts
const platformFree = ['core', 'protocol', 'sync', 'green/compile', 'twisted/drawing', 'inspect/page'] // no node: import
const timerFree = ['core', 'sync'] // time comes from the host
const alone = ['protocol', 'green/compile', 'twisted/drawing'] // import nothing of ours
const only = {
  // It runs in a browser.
  'inspect/page': ['inspect/format.ts', 'inspect/circles.ts', 'inspect/server/events.ts', 'twisted/simulator/index.ts'],
} // folder → all files outside it that it may import
const packages = {
  'green/compile': ['@jridgewell/remapping', '@swc/wasm-typescript', 'acorn', 'acorn-jsx', 'magic-string'],
  'green/unplugin': ['unplugin'],
  'inspect/otel': ['@opentelemetry/api'],
  'inspect/page': ['@dagrejs/dagre', '@preact/signals', 'preact', 'uplot'],
  'offload/cluster': ['@nats-io/jetstream', '@nats-io/obj', '@nats-io/transport-node'],
} // folder → names of the npm packages that it may import

// green/compile is a folder of its own although it lies in green: the longest name wins.
const folders = floors.flat().sort((a, b) => b.length - a.length)
/** The folder on a floor that a file of src/ is in. */
export const folderOf = (file) => folders.find((folder) => file === folder || file.startsWith(`${folder}/`))
const floorOf = (folder) => floors.findIndex((floor) => floor.includes(folder))
const isBuiltin = (name) => name.startsWith('node:') || builtinModules.includes(name.split('/')[0])

/** The violations in a folder of sources, each as "file:line rule". */
export function violationsIn(src) {
  const files = readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(src, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort()
  const violations = []
  const edges = new Map(files.map((file) => [file, []]))
  for (const file of files) checkFile(file)
  for (const file of files) findCircles(file, [])
  return violations

  function checkFile(file) {
    const folder = folderOf(file)
    const report = (line, rule) => violations.push(`src/${file}:${line} ${rule}`)
    if (!folder) return report(1, `${dirname(file)} stands on no floor: give it one in scripts/check-imports.mjs`)

    const source = lex(readFileSync(join(src, file), 'utf8'))
    for (const { specifier, line } of importsOf(source)) {
      if (specifier.endsWith('.css')) continue
      const target = posix.join(dirname(file), specifier)
      const rule = specifier.startsWith('.') ? ruleAgainst(folder, target) : ruleAgainstPackage(folder, specifier)
      if (rule) report(line, rule)
      if (files.includes(target)) edges.get(file).push({ target, line })
    }
    if (!timerFree.includes(folder)) return
    for (const { 0: timer, index } of source.code.matchAll(/\bset(?:Timeout|Interval|Immediate)\b/g))
      report(lineAt(source.code, index), `${folder} has no timer of its own: ask the host instead of ${timer}`)
  }

  function ruleAgainst(folder, target) {
    const to = folderOf(target)
    if (target.startsWith('../')) return `an import may not leave src: ${target}`
    if (!files.includes(target)) return `${target} is no source file: an import ends in the file's own name`
    if (to === folder) return
    if (only[folder]?.includes(target) === false) return `${folder} may import only ${only[folder].join(', ')}`
    if (alone.includes(folder)) return `${folder} stands alone: it may not import ${to}`
    if (floorOf(to) > floorOf(folder)) return `${folder} may not import ${to}, which is above it`
    if (floorOf(to) === floorOf(folder)) return `${folder} may not import ${to}, which is beside it`
    if (folder.startsWith(`${to}/`)) return // it lies within, and knows the inside
    if (target !== to && target !== `${to}/index.ts` && !faces.includes(target))
      return `${to} is entered by its index.ts, not by ${target}`
  }

  function ruleAgainstPackage(folder, specifier) {
    const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
    if (!isBuiltin(specifier))
      return packages[folder]?.includes(name) ? undefined : `${folder} may not import the package ${name}`
    if (platformFree.includes(folder)) return `${folder} knows no platform: it may not import ${specifier}`
  }

  // Depth first; a file whose edges have all been followed has none left, so each edge is followed once.
  function findCircles(file, path) {
    for (const { target, line } of edges.get(file).splice(0)) {
      const from = [...path, file].indexOf(target)
      if (from < 0) findCircles(target, [...path, file])
      else violations.push(`src/${file}:${line} a circle: ${[...path.slice(from), file, target].join(' → ')}`)
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const violations = violationsIn(process.argv[2] ?? fileURLToPath(new URL('../src', import.meta.url)))
  for (const violation of violations) console.error(violation)
  console.log(violations.length === 0 ? 'All imports keep the rules.' : `Import rules broken: ${violations.length}`)
  process.exitCode = violations.length === 0 ? 0 : 1
}

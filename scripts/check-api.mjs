// Theory of operation
//
// What users can import is a promise, so it is written down: test/api/exports.json lists, for each subpath of the
// exports map, the values (asked of the built module itself) and the types (read from its declarations). A name that
// comes, goes or turns from a value into a type shows up here, and in the diff of the commit that meant it.
// The map and the folders are kept in step as well: a folder of src/ with an index.ts is listed, as files or as null
// ("not for users"), and what is listed exists.
//
//   node scripts/check-api.mjs             compares, exits with 1 if there is a difference
//   node scripts/check-api.mjs --update    writes the list anew

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { lex } from './imports-of.mjs'

const declared =
  /\bexport\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:interface|type|class|const|let|function\*?)\s+([\w$]+)/g
const listed = /\bexport\s+(?:type\s+)?\{([^}]*)\}/g

/** The names that a declaration file exports, values and types alike. */
export function namesIn(declarations) {
  const { code } = lex(declarations)
  if (/\bexport\s*\*\s*from\b/.test(code)) throw new Error('exports * : name what is exported')
  const names = Array.from(code.matchAll(declared), ([, name]) => name)
  for (const [, list] of code.matchAll(listed))
    for (const entry of list.split(',')) names.push(entry.trim().split(/\s+/).at(-1))
  return [...new Set(names)].filter((name) => name !== '')
}

/** Where the exports map and the folders of src/ are out of step. */
export function mapProblems(root, { exports }) {
  const indexes = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name === 'index.ts')
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, 'src').length).replaceAll('\\', '/'))
  const folders = indexes.map((index) => `.${index.replace('/index.ts', '')}`).sort()
  const problems = folders
    .filter((folder) => exports[folder] === undefined)
    .map((folder) => `src has ${folder}/index.ts, but "exports" does not list "${folder}": give it files, or null`)
  for (const [subpath, target] of Object.entries(exports)) {
    if (subpath.includes('*') || subpath === './package.json') continue
    if (!folders.includes(subpath)) problems.push(`"exports" lists "${subpath}", but src has no ${subpath}/index.ts`)
    const stem = `./dist/src${subpath.slice(1)}/index`
    const expected = JSON.stringify({ types: `${stem}.d.ts`, default: `${stem}.js` })
    if (target !== null && JSON.stringify(target) !== expected) problems.push(`"${subpath}" should be ${expected}`)
  }
  return problems
}

/** Each public subpath with the names of its values and its types, sorted. */
export async function surfaceOf(root, { name, exports }) {
  const surface = {}
  for (const [subpath, target] of Object.entries(exports)) {
    if (!target?.types) continue
    const values = Object.keys(await import(pathToFileURL(join(root, target.default)).href)).sort()
    const names = namesIn(readFileSync(join(root, target.types), 'utf8'))
    const types = names.filter((name) => !values.includes(name)).sort()
    surface[name + subpath.slice(1)] = { values, types }
  }
  return surface
}

/** What changed between two surfaces, a line per name: "+ fibril/sync: value Queue". */
export function changes(before, after) {
  const flat = (surface) =>
    Object.entries(surface).flatMap(([subpath, { values, types }]) => [
      ...values.map((name) => `${subpath}: value ${name}`),
      ...types.map((name) => `${subpath}: type ${name}`),
    ])
  const [old, now] = [flat(before), flat(after)]
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [root = fileURLToPath(new URL('..', import.meta.url))] = process.argv
    .slice(2)
    .filter((arg) => arg !== '--update')
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const record = join(root, 'test/api/exports.json')
  const problems = mapProblems(root, manifest)
  if (problems.length === 0) {
    const surface = await surfaceOf(root, manifest)
    if (process.argv.includes('--update')) {
      mkdirSync(dirname(record), { recursive: true })
      writeFileSync(record, `${JSON.stringify(surface, null, 2)}\n`)
    }
    problems.push(...changes(existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : {}, surface))
    if (problems.length > 0) problems.push('If this is meant: npm run check:api -- --update')
  }
  for (const problem of problems) console.error(problem)
  if (problems.length === 0) console.log('The exports are as recorded.')
  process.exitCode = problems.length === 0 ? 0 : 1
}

// Theory of operation
//
// Every example that a reader may copy is compiled and run: the fenced ts, js and sh blocks of README.md,
// ARCHITECTURE.md and docs/, and the ts blocks in the doc comments of src/. Each ts and js block is a whole program and
// imports `fibril` as its reader will.
//
//     ```ts              compiled and run; must end by itself, with exit code 0
//     ```ts no-run       compiled only
//     ```ts fragment     shown only: no program, as the examples of a policy
//     ```ts green        green code: compiled by ours as well, and run as the body of a task
//     ```js              run (its types are looked at if it says // @ts-check)
//     ```sh              shown only;  ```sh run  is run by bash in the root of the repository
//
// A block says what it gives, and is held to it:
//
//     const sum = add(1, 2) // => 3              the value of a const
//     add(1, 2) // => 3                          the value of an expression statement
//     console.log('sum', sum) // => sum 3        what this call prints, whenever it does; … stands for any text
//     console.log('one') // prints: one          all of these together: all that the block prints, in this order
//
// 1. A block is written to dist/snippets/in/ under the name of its document, on the very lines that it has there, so
//    that whatever the compiler or a stack trace says about it is true of the document.
// 2. One run of tsc compiles all of them.
// 3. Green ones are wrapped in a function, compiled to code that parks, and start as a task.
// 4. Those without errors run, two at a time, each in a process of its own with a time limit.
//
//   node scripts/docs-snippets.mjs [root]      SNIPPET_TIMEOUT=ms for one block

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath, pathToFileURL } from 'node:url'

const home = fileURLToPath(new URL('..', import.meta.url))
const root = resolve(process.argv[2] ?? home)
const work = join(root, 'dist/snippets')
const timeLimit = Number(process.env.SNIPPET_TIMEOUT ?? 30_000)

const failures = []
const fail = (place, reason) => failures.push(`${place} ${reason}`)

// -- Find -------------------------------------------------------------------------------------------------------------

function filesUnder(folder, ending) {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort()
}

/** The lines of a source file that stand in doc comments, without their margin of asterisks; the others empty. */
function docComments(lines) {
  let inside = false
  return lines.map((line) => {
    inside ||= /^\s*\/\*\*/.test(line)
    const shown = inside ? line.replace(/^\s*(?:\/\*\*|\*(?!\/)) ?/, '').replace(/\s*\*\/.*$/, '') : ''
    inside &&= !line.includes('*/')
    return shown
  })
}

/** The fenced blocks in the lines of a document; `line`, from 1, is that of the opening fence. */
function* fencedBlocks(file, lines) {
  let block
  for (const [index, line] of lines.entries()) {
    const [, margin, ticks, info] = /^(\s*)(`{3,})(.*)$/.exec(line) ?? []
    if (block === undefined) {
      if (ticks === undefined) continue
      const [language, ...tags] = info.trim().split(/\s+/)
      block = { file, line: index + 1, language, tags, margin, ticks, lines: [], promises: new Map() }
    } else if (ticks?.length >= block.ticks.length && info.trim() === '') {
      yield block
      block = undefined
    } else block.lines.push(line.startsWith(block.margin) ? line.slice(block.margin.length) : line.trimStart())
  }
  if (block !== undefined) fail(`${file}:${block.line}`, 'this block is never closed')
}

const linesOf = (file) => readFileSync(join(root, file), 'utf8').split('\n')
const isProgram = ({ language, tags }) =>
  language === 'sh' ? tags.includes('run') : ['ts', 'js'].includes(language) && !tags.includes('fragment')

const documents = ['README.md', 'ARCHITECTURE.md'].filter((file) => existsSync(join(root, file)))
const blocks = [
  ...[...documents, ...filesUnder('docs', '.md')].flatMap((file) => [...fencedBlocks(file, linesOf(file))]),
  ...filesUnder('src', '.ts').flatMap((file) => [...fencedBlocks(file, docComments(linesOf(file)))]),
].filter(isProgram)

// -- Write ------------------------------------------------------------------------------------------------------------

const indent = (line) => (line.trim() === '' ? -1 : line.search(/\S/))

/** Where the statement begins whose last line this is: the nearest line as far left that does not begin by closing. */
function statementStart(lines, last) {
  let start = last
  while (start > 0 && (indent(lines[start]) !== indent(lines[last]) || /^\s*[)\]}]/.test(lines[start]))) start--
  return start
}

const notAnExpression = /^\s*(?:[)\]}]|(?:return|throw|if|for|while|import|export|const|let|var|function|class)\b)/

/** The pattern of a printed line; … stands for any text. */
function patternOf(promised) {
  const literal = promised.trimEnd().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return `^${literal.replaceAll('…', '.*')}$`
}

/** The lines of a block with each `// => …` turned into a check; the checked lines are noted in block.promises. */
function withChecks(block) {
  const lines = [...block.lines]
  for (const [index, line] of lines.entries()) {
    const [, code, expected] = /^(.*?\S);?\s*\/\/ => (.*)$/.exec(line) ?? []
    if (code === undefined) continue
    const number = block.line + index + 1
    const start = statementStart(lines, index)
    lines[index] = code
    const name = /^\s*(?:const|let|var)\s+([\w$]+)\b/.exec(lines[start])?.[1]
    if (lines[start].includes('console.log('))
      lines[start] = lines[start].replace(
        'console.log(',
        () => `$prints(${number}, ${JSON.stringify(patternOf(expected))}, `,
      )
    else if (name !== undefined) lines[index] += `; $equal(${number}, ${name}, ${expected})`
    else if (notAnExpression.test(lines[start])) {
      fail(`${block.file}:${number}`, '"// =>" can follow a const, an expression statement or console.log only')
      continue
    } else {
      lines[start] = lines[start].replace(/\S/, `$equal(${number}, $&`)
      lines[index] += `, ${expected})`
    }
    block.promises.set(number, expected)
  }
  return lines
}

rmSync(work, { recursive: true, force: true })
const programs = blocks.filter(({ language }) => language !== 'sh')
for (const block of programs) {
  const name = `${block.file}.${block.line}.${block.language}`
  block.input = join(work, 'in', name)
  block.output = join(work, 'out', name.replace(/ts$/, 'js'))
  mkdirSync(dirname(block.input), { recursive: true })
  writeFileSync(block.input, `${'\n'.repeat(block.line)}${withChecks(block).join('\n')}\n`)
}

// -- Compile ----------------------------------------------------------------------------------------------------------

const faulty = new Set()
if (programs.length > 0) {
  const compilerOptions = {
    ...{ rootDir: 'in', outDir: 'out', allowJs: true, typeRoots: [join(home, 'node_modules/@types')] },
    ...{ incremental: false, tsBuildInfoFile: null, declaration: false, declarationMap: false },
  }
  const config = { extends: join(home, 'tsconfig.json'), include: ['in'], exclude: [], compilerOptions }
  writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(config))
  const checks = [
    '$equal(line: number, actual: unknown, expected: unknown)',
    '$prints(line: number, ...rest: unknown[])',
  ]
  writeFileSync(join(work, 'in/checks.d.ts'), checks.map((check) => `declare function ${check}: void\n`).join(''))
  const tsc = join(home, 'node_modules/typescript/bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', work, '--pretty', 'false'], { encoding: 'utf8' })
  for (const report of stdout.split(/\n(?=\S)/).filter((report) => report.trim() !== '')) {
    const [, path = '', line, column, reason] = /^(.*?)\((\d+),(\d+)\): ([\s\S]*)$/.exec(report.trimEnd()) ?? []
    const block = programs.find(({ input }) => input === resolve(path))
    if (block === undefined) fail('tsc:', report)
    else fail(`${block.file}:${line}:${column}`, reason)
    faulty.add(block)
  }
  if (status !== 0 && faulty.size === 0) fail('tsc', `ended with exit code ${status}`)
}

// -- Make green -------------------------------------------------------------------------------------------------------

const { compile } = await import(new URL('dist/src/green/compile/index.js', pathToFileURL(home)))

/** The compiled program becomes the body of a function, on the same lines, and that a task. */
function makeGreen({ output }) {
  const lines = readFileSync(output, 'utf8').split('\n')
  const last = lines.findLastIndex((line) => /^import\b/.test(line))
  lines[last] += ` import { run as $run } from 'fibril/green'; await $run(function main() {`
  const source = lines.join('\n').replace(/\n(\/\/# sourceMappingURL=.*)?$/, '\n})\n')
  const options = { url: pathToFileURL(output).href, format: 'module', language: 'js', runtime: 'fibril/green/runtime' }
  writeFileSync(output, compile(source, options).code)
}

for (const block of programs) if (block.tags.includes('green') && !faulty.has(block)) makeGreen(block)

// -- Run --------------------------------------------------------------------------------------------------------------

/** What a block promises to print, line by line; undefined where it promises nothing. */
function promisedOutput({ language, lines }) {
  const mark = language === 'sh' ? /# prints: (.*)$/ : /\/\/ prints: (.*)$/
  const promised = lines.map((line) => mark.exec(line)?.[1]).filter((line) => line !== undefined)
  return promised.length > 0 ? promised : undefined
}

function keepsPromise(printed, promised) {
  const lines = printed.trimEnd().split('\n')
  return (
    lines.length === promised.length &&
    lines.every((line, i) => new RegExp(patternOf(promised[i])).test(line.trimEnd()))
  )
}

/** What is wrong with how a block ran, each as "place what". */
function judge(block, { code, signal, printed, errors, broken }) {
  const place = `${block.file}:${block.line}`
  const promised = promisedOutput(block)
  if (signal !== null) return [`${place} did not end within ${timeLimit} ms\n${printed}${errors}`]
  if (code === 13) return [`${place} ended while it still waited for something at top level\n${printed}${errors}`]
  if (code !== 0) return [`${place} ended with exit code ${code}\n${printed}${errors}`]
  const faults = JSON.parse(broken || '[]').map(
    ([line, fact]) => `${block.file}:${line} promises ${block.promises.get(line)}, but ${fact}`,
  )
  if (promised !== undefined && !keepsPromise(printed, promised))
    faults.push(`${place} should print\n${promised.join('\n')}\nbut prints\n${printed.trimEnd()}`)
  return faults
}

function run(block) {
  const command = block.language === 'sh' ? 'bash' : process.execPath
  const args =
    block.language === 'sh'
      ? ['-euo', 'pipefail', '-c', block.lines.join('\n')]
      : ['--enable-source-maps', '--import', new URL('snippet-promises.mjs', import.meta.url).href, block.output]
  const env = { ...process.env, SNIPPET_PROMISES: JSON.stringify([...block.promises.keys()]) }
  const stdio = ['ignore', 'pipe', 'pipe', 'pipe']
  const child = spawn(command, args, { cwd: root, env, stdio, timeout: timeLimit, killSignal: 'SIGKILL' })
  const [printed, errors, broken] = child.stdio.slice(1).map((stream) => text(stream))
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', async (code, signal) => {
      resolve(judge(block, { code, signal, printed: await printed, errors: await errors, broken: await broken }))
    })
  })
}

const runnable = blocks.filter((block) => !faulty.has(block) && !block.tags.includes('no-run'))
const queue = runnable.values()
const faulted = new Map()
const worker = async () => {
  for (const block of queue) {
    const faults = await run(block)
    if (faults.length > 0) faulted.set(block, faults)
  }
}
await Promise.all([worker(), worker()])

// Under CI, a few that failed run once more, alone: a machine that stood still for a second is told apart from a bug.
for (const [block, faults] of faulted) {
  if (process.env.CI && faulted.size <= 3) {
    console.error(`Failed, and run once more, alone:\n${faults.join('\n')}\n`)
    if ((await run(block)).length === 0) {
      console.error(`⚠ Flaky: passed only alone, to be cured: ${block.file}:${block.line}\n`)
      continue
    }
  }
  failures.push(...faults)
}

if (blocks.length === 0) fail(root, 'holds no snippet')
for (const failure of failures) console.error(`${failure}\n`)
console.log(`${blocks.length} snippets, ${runnable.length} of them run, ${failures.length} failures`)
process.exitCode = failures.length === 0 ? 0 : 1

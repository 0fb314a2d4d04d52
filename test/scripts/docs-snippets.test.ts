import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { fixtureTree, runScript } from './fixture-tree.ts'

/** A document of the given blocks, the first fence on line 3. */
const page = (...blocks: string[]) => `# Page\n\n${blocks.join('\n\n')}\n`
/** A block that imports `add`; its own lines begin two lines below its fence. */
const ts = (...lines: string[]) => ['```ts', "import { add } from 'toy'", ...lines, '```'].join('\n')

/** Runs the snippets of a small package `toy` that exports `add`. */
function snippetsIn(files: Record<string, string>, env: Record<string, string> = {}) {
  using tree = fixtureTree({
    'package.json': JSON.stringify({
      name: 'toy',
      type: 'module',
      exports: { types: './dist/src/index.d.ts', default: './dist/src/index.js' },
    }),
    'dist/src/index.js': 'export const add = (a, b) => a + b',
    'dist/src/index.d.ts': 'export declare const add: (a: number, b: number) => number;',
    ...files,
  })
  const { status, stdout, stderr } = runScript('docs-snippets.mjs', [tree.path], { CI: '', ...env })
  if (!env['CI']) assert.equal(status, stderr === '' ? 0 : 1, stderr)
  return { summary: stdout.trimEnd(), failures: stderr.trimEnd() }
}

describe('docs-snippets', () => {
  it('compiles and runs what README, docs and doc comments show, and nothing else', () => {
    const { summary, failures } = snippetsIn({
      'README.md': page(
        ts('const sum = add(1, 2) // => 3', "console.log('took 12 ms', sum) // prints: took … ms 3"),
        ts(
          "queueMicrotask(() => console.log('last')) // => last",
          "console.log('first', { a: [1] }) // => f… { a: [ 1 ] }",
        ),
        '```js\nimport { add } from "toy"\nadd(1, 2) // => 3\n```',
      ),
      'docs/howto/add.md': page(
        '```sh run\necho "run $((1 + 1))" # prints: run 2\n```',
        '```ts no-run\nthrow new Error("runs")\n```',
        '```text\nno code\n```',
        '```sh\nexit 1\n```',
        '```ts fragment\nno program\n```',
        '````md\n```ts\nno program\n```\n````',
      ),
      'src/add.ts':
        "/**\n * Adds.\n *\n * ```ts\n * import { add } from 'toy'\n *\n * add(2, 2) // => 4\n * ```\n */\n",
    })
    assert.equal(failures, '')
    assert.equal(summary, '6 snippets, 5 of them run, 0 failures')
  })

  describe('reports, with file and line,', () => {
    let failures = ''
    before(() => {
      const planted = snippetsIn({
        'docs/type-error.md': page(ts(), ts("add('1', 2)")),
        'src/add.ts': '/**\n * ```ts no-run\n * import { subtract } from "toy"\n * subtract\n * ```\n */\n',
        'docs/throws.md': page(ts(), ts("throw new Error('planted')")),
        'docs/const.md': page(ts('const sum = add(1, 2) // => 4')),
        'docs/const-lines.md': page(ts('const sum = add(', '  1,', '', '  2,', ') // => 4')),
        'docs/expression.md': page(ts('add(1, 2) // => 4')),
        'docs/expression-lines.md': page(ts('add(', '  1,', '  2,', ') // => 4')),
        'docs/object.md': page(ts('const o = { sum: add(1, 2), of: [1, 2] } // => { sum: 3, of: [1] }')),
        'docs/yield.md': page(ts('function* f() {', '  yield* [add(1, 2)] // => 4', '}', '[...f()]')),
        'docs/log.md': page(
          ts("const log = () => console.log('one', add(1, 2))", 'log()', "console.log('two') // => three"),
        ),
        'docs/unreached.md': page(ts('if (add(1, 2) > 4)', '  add(1, 2) // => 3')),
        'docs/caught.md': page(ts('try {', '  add(1, 2) // => 4', '} catch {}')),
        'docs/return.md': page(ts('function f() {', '  return add(1, 2) // => 4', '}', 'f()')),
        'docs/prints-more.md': page(ts("console.log('one') // prints: one", "console.log('two')")),
        'docs/shell.md': page('```sh run\nfalse\ntrue\n```'),
        'docs/idle.md': page(ts('await new Promise(() => {})')),
        'docs/open.md': page('```ts'),
      })
      failures = planted.failures
      assert.equal(planted.summary, '18 snippets, 16 of them run, 17 failures')
    })

    it('a type error in a document', () => {
      assert.match(failures, /^docs\/type-error\.md:9:5 error TS2345: .*string.*number/m)
    })

    it('a type error in a doc comment', () => {
      assert.match(failures, /^src\/add\.ts:3:10 error TS2305: .*subtract/m)
    })

    it('a block that throws, its stack telling the line of the document', () => {
      assert.match(failures, /^docs\/throws\.md:7 ended with exit code 1\n[\s\S]*docs\/throws\.md\.7\.ts:9:7/m)
    })

    for (const [what, report] of [
      ['a const of another value', 'const.md:5 promises 4, but it is 3'],
      ['a const on several lines', 'const-lines.md:9 promises 4, but it is 3'],
      ['an expression of another value', 'expression.md:5 promises 4, but it is 3'],
      ['an expression on several lines', 'expression-lines.md:8 promises 4, but it is 3'],
      ['an object that differs', 'object.md:5 promises { sum: 3, of: [1] }, but it is { sum: 3, of: [ 1, 2 ] }'],
      ['a yield of another value', 'yield.md:6 promises 4, but it is undefined'],
      ['a line that prints something else', 'log.md:7 promises three, but it prints two'],
      ['a promise that is never reached', 'unreached.md:6 promises 3, but it is never reached'],
      ['a broken promise that the block would catch', 'caught.md:6 promises 4, but it is 3'],
    ]) {
      it(what!, () => assert.ok(failures.split('\n').includes(`docs/${report}`)))
    }

    it('a promise that it could not hold anyone to', () => {
      assert.match(
        failures,
        /^docs\/return\.md:6 "\/\/ =>" can follow a const, an expression statement or console.log only$/m,
      )
    })

    it('a block that prints more than it promises', () => {
      assert.match(failures, /^docs\/prints-more\.md:3 should print\none\nbut prints\none\ntwo$/m)
    })

    it('a shell block that fails', () => {
      assert.match(failures, /^docs\/shell\.md:3 ended with exit code 1$/m)
    })

    it('a block that waits for what never comes', () => {
      assert.match(failures, /^docs\/idle\.md:3 ended while it still waited for something at top level$/m)
    })

    it('a block that is never closed', () => {
      assert.match(failures, /^docs\/open\.md:3 this block is never closed$/m)
    })
  })

  it('ends a block that never ends', () => {
    const { failures } = snippetsIn({ 'README.md': page('```js\nfor (;;);\n```') }, { SNIPPET_TIMEOUT: '200' })
    assert.equal(failures, 'README.md:3 did not end within 200 ms')
  })

  it('gives a block that fails under CI a second chance, and names it', () => {
    const flaky = page(
      '```js\nimport { existsSync, writeFileSync } from "node:fs"\nif (!existsSync("seen")) {\n  writeFileSync("seen", "")\n  throw new Error("only the first time")\n}\n```',
    )
    const mended = snippetsIn({ 'README.md': flaky }, { CI: 'true' })
    assert.match(mended.failures, /only the first time[\s\S]*⚠ Flaky: passed only alone, to be cured: README\.md:3$/)
    assert.match(mended.summary, / 0 failures$/)
    assert.match(snippetsIn({ 'README.md': page('```js\nthrow 1\n```') }, { CI: 'true' }).summary, / 1 failures$/)
    assert.match(snippetsIn({ 'README.md': flaky }).summary, / 1 failures$/)
  })

  it('fails where there is nothing to check', () => {
    assert.match(snippetsIn({}).failures, /holds no snippet$/)
  })
})
